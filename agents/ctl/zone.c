#include "agents/ctl/zone.h"

#include <string.h>

enum { ZONE_MAX_MINUTES = 14 * 60 };

static int two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return -1;
    }
    return (text[0] - '0') * 10 + (text[1] - '0');
}

int zone_parse(const char *text, int32_t *ret_minutes, struct err *err)
{
    if (strcmp(text, "Z") == 0) {
        *ret_minutes = 0;
        return 0;
    }
    if (strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':') {
        int hours = two_digits(text + 1);
        int minutes = two_digits(text + 4);
        if (hours >= 0 && minutes >= 0 && minutes < 60 && hours * 60 + minutes <= ZONE_MAX_MINUTES) {
            *ret_minutes = (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
            return 0;
        }
    }
    return err_set(err, ERR_USAGE, "\"%s\": an offset from UTC is wanted, such as +08:00 or -07:00", text);
}
