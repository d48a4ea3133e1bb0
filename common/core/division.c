#include "common/core/division.h"

#include <string.h>

#include "common/base/when.h"

enum { COUNTY = 6, TOWNSHIP = 9, VILLAGE = 12, GROUP = 3 };

bool division_code(const char *text, char *ret)
{
    size_t n = strlen(text);

    if (strspn(text, "0123456789") != n || (n != COUNTY && n != TOWNSHIP && n != VILLAGE)) {
        return false;
    }
    while (n > COUNTY && strncmp(text + n - GROUP, "000", GROUP) == 0) {
        n -= GROUP;
    }
    memcpy(ret, text, n);
    ret[n] = '\0';
    return true;
}

bool division_is_known(const char *text)
{
    /* GB/T 2260: by region, the provinces' numbers there */
    static const struct {
        char of;
        char from, to;
    } provinces[] = {{'1', '1', '5'}, {'2', '1', '3'}, {'3', '1', '7'}, {'4', '1', '6'},
                     {'5', '0', '4'}, {'6', '1', '5'}, {'7', '1', '1'}, {'8', '1', '2'}};
    char code[REGION_CODE_MAX + 1];
    bool known = false;

    for (size_t i = 0; i < sizeof provinces / sizeof provinces[0] && !known; i++) {
        known = text[0] == provinces[i].of && text[1] >= provinces[i].from && text[1] <= provinces[i].to;
    }
    return known && division_code(text, code);
}

bool division_is_within(const char *code, const char *region)
{
    size_t n = strlen(region);

    while (n == 4 || n == COUNTY) { /* a province's and a prefecture's code is filled up by pairs */
        if (region[n - 1] != '0' || region[n - 2] != '0') {
            break;
        }
        n -= 2;
    }
    return strncmp(code, region, n) == 0;
}

uint32_t division_day(int64_t ms, int32_t utc_offset_minutes)
{
    char text[WHEN_TEXT];
    uint32_t day = 0;

    when_format(ms, utc_offset_minutes, text); /* YYYY-MM-DDT... */
    for (size_t i = 0; i < 10; i++) {
        if (text[i] != '-') {
            day = day * 10 + (uint32_t)(text[i] - '0');
        }
    }
    return day;
}

bool division_day_is_good(uint32_t day)
{
    return day <= DIVISION_DAY_MAX &&
           when_is_day((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100));
}
