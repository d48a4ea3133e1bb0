/* What describes a place in an alert: words, polygons, circles, codes. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "agents/ctl/cap_private.h"

enum {
    POINTS_MIN = 4, /* of a polygon, the last being the first */
    LATITUDE_MAX = 90,
    LONGITUDE_MAX = 180,
    RADIUS_MAX_KM = 20040, /* half of the way around the earth */
    DIGITS_MAX = 9,        /* before the point */
    CODE_DIGITS = 12       /* of GB/T 35965: division, township and village */
};

static const int64_t E7 = 10000000;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal number in units of 10^-7; what is beyond that is cut off. Moves *at on. */
static bool take_decimal(const char **at, int64_t max, int64_t *ret_e7)
{
    const char *p = *at;
    bool negative = *p == '-';
    int64_t value = 0, part = E7;
    int digits = 0;

    p += *p == '-' || *p == '+';
    for (; is_digit(*p) && digits < DIGITS_MAX; digits++, p++) {
        value = value * 10 + (*p - '0');
    }
    if (digits == 0 || is_digit(*p)) {
        return false;
    }
    value *= E7;
    if (*p == '.') {
        for (p++; is_digit(*p); p++) {
            part /= 10;
            value += part * (*p - '0');
        }
    }
    *at = p;
    *ret_e7 = negative ? -value : value;
    return value <= max * E7;
}

struct point {
    int64_t latitude_e7;
    int64_t longitude_e7;
};

/* "38.47,-120.14" */
static bool take_point(const char **at, struct point *ret)
{
    if (!take_decimal(at, LATITUDE_MAX, &ret->latitude_e7) || **at != ',') {
        return false;
    }
    (*at)++;
    return take_decimal(at, LONGITUDE_MAX, &ret->longitude_e7) && (**at == ' ' || **at == '\0');
}

static void polygon(struct cap_reading *r, const xmlNode *node, const char *text)
{
    struct point first = {0, 0}, point = {0, 0};
    const char *at = text;
    size_t n = 0;

    while (*at != '\0') {
        const char *here = at;
        if (!take_point(&at, &point)) {
            (void)xml_fail(&r->xml, node,
                           "<polygon> has \"%.*s\" for a point, which is written latitude,longitude",
                           (int)(strcspn(here, " ") < 64 ? strcspn(here, " ") : 64), here);
            return;
        }
        first = n == 0 ? point : first;
        n++;
        at += *at == ' ';
    }
    if (n < POINTS_MIN || point.latitude_e7 != first.latitude_e7 ||
        point.longitude_e7 != first.longitude_e7) {
        (void)xml_fail(&r->xml, node, "<polygon> is open: of its %d points or more the last is the first",
                       POINTS_MIN);
    }
}

/* An empty one says nothing; feeds have many. */
void cap_polygons(struct cap_reading *r, const xmlNode *parent, struct words *ret)
{
    size_t most, n = 0;
    const char **at = cap_array(r, parent, "polygon", sizeof *at, ALERT_SHAPES_MAX, &most);

    for (const xmlNode *node = xml_next(parent->children, r->ns, "polygon"); at != NULL && node != NULL;
         node = xml_next(node->next, r->ns, "polygon")) {
        const char *text = xml_line(&r->xml, node, TEXT_MAX_BYTES);
        if (text[0] != '\0') {
            polygon(r, node, text);
            at[n++] = text;
        }
    }
    *ret = (struct words){at, n};
}

/* "38.82,-122.81 25.0": kilometres, in the dialect metres. */
static bool circle(const struct cap_reading *r, const char *text, struct alert_circle *ret)
{
    const int64_t max = r->dialect ? RADIUS_MAX_KM * 1000 : RADIUS_MAX_KM;
    struct point centre;
    int64_t radius_e7;

    if (!take_point(&text, &centre) || *text != ' ') {
        return false;
    }
    text++;
    if (!take_decimal(&text, max, &radius_e7) || *text != '\0' || radius_e7 < 0) {
        return false;
    }
    *ret = (struct alert_circle){.latitude_e7 = (int32_t)centre.latitude_e7,
                                 .longitude_e7 = (int32_t)centre.longitude_e7,
                                 .radius_m = (uint32_t)(radius_e7 / (r->dialect ? E7 : E7 / 1000))};
    return true;
}

static void circles(struct cap_reading *r, const xmlNode *parent, struct alert_area *ret)
{
    size_t most;
    struct alert_circle *at = cap_array(r, parent, "circle", sizeof *at, ALERT_SHAPES_MAX, &most);

    for (const xmlNode *node = xml_next(parent->children, r->ns, "circle"); at != NULL && node != NULL;
         node = xml_next(node->next, r->ns, "circle")) {
        const char *text = xml_line(&r->xml, node, NAME_MAX_BYTES);
        if (text[0] == '\0') {
            continue;
        }
        if (!circle(r, text, &at[ret->circles_n++])) {
            (void)xml_fail(&r->xml, node,
                           "<circle> is \"%.64s\"; a circle is written latitude,longitude radius", text);
            return;
        }
    }
    ret->circles = at;
}

static bool is_division(const char *code)
{
    return strlen(code) == CODE_DIGITS && strspn(code, "0123456789") == CODE_DIGITS;
}

/* valueName and value; the dialect may write the code alone. */
static bool geocode(struct cap_reading *r, const xmlNode *node, struct alert_code *ret)
{
    if (r->dialect && cap_child(r, node, "value") == NULL) {
        *ret = (struct alert_code){.name = "", .value = xml_line(&r->xml, node, NAME_MAX_BYTES)};
    } else {
        *ret = (struct alert_code){.name = cap_name(r, node, "valueName", NAME_MAX_BYTES, false),
                                   .value = cap_name(r, node, "value", NAME_MAX_BYTES, false)};
    }
    if (r->dialect && ret->value[0] != '\0' && !is_division(ret->value)) {
        (void)xml_fail(&r->xml, node, "<geocode> is \"%.64s\"; a division's code has %d digits", ret->value,
                       CODE_DIGITS);
    }
    return ret->value[0] != '\0';
}

static void geocodes(struct cap_reading *r, const xmlNode *parent, struct alert_area *ret)
{
    size_t most;
    struct alert_code *at = cap_array(r, parent, "geocode", sizeof *at, ALERT_GEOCODES_MAX, &most);

    for (const xmlNode *node = xml_next(parent->children, r->ns, "geocode"); at != NULL && node != NULL;
         node = xml_next(node->next, r->ns, "geocode")) {
        ret->geocodes_n += geocode(r, node, &at[ret->geocodes_n]);
    }
    ret->geocodes = at;
}

void cap_area(struct cap_reading *r, const xmlNode *node, struct alert_area *ret)
{
    *ret = (struct alert_area){.description = cap_name(r, node, "areaDesc", TEXT_MAX_BYTES, true)};
    cap_polygons(r, node, &ret->polygons);
    circles(r, node, ret);
    geocodes(r, node, ret);
}
