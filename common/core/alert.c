#include "common/core/alert.h"

#include <stdlib.h>
#include <string.h>

struct word_row {
    int value;
    const char *word;
    const char *zh;
};

static const struct word_row sources[] = {
    {ALERT_SOURCE_CAP, "cap", "预警"}, {ALERT_SOURCE_ATOM, "atom", "预警目录"}, {0, NULL, NULL}};

static const struct word_row statuses[] = {{ALERT_STATUS_ACTUAL, "Actual", "实际"},
                                           {ALERT_STATUS_EXERCISE, "Exercise", "演练"},
                                           {ALERT_STATUS_SYSTEM, "System", "系统"},
                                           {ALERT_STATUS_TEST, "Test", "测试"},
                                           {0, NULL, NULL}};

static const struct word_row types[] = {
    {ALERT_TYPE_ALERT, "Alert", "首次"},   {ALERT_TYPE_UPDATE, "Update", "更新"},
    {ALERT_TYPE_CANCEL, "Cancel", "解除"}, {ALERT_TYPE_ACK, "Ack", "确认"},
    {ALERT_TYPE_ERROR, "Error", "错误"},   {0, NULL, NULL}};

static const struct word_row scopes[] = {{ALERT_SCOPE_PUBLIC, "Public", "公开"},
                                         {ALERT_SCOPE_RESTRICTED, "Restricted", "限定"},
                                         {ALERT_SCOPE_PRIVATE, "Private", "特定"},
                                         {0, NULL, NULL}};

static const struct word_row urgencies[] = {
    {ALERT_URGENCY_IMMEDIATE, "Immediate", "立即"}, {ALERT_URGENCY_EXPECTED, "Expected", "即将"},
    {ALERT_URGENCY_FUTURE, "Future", "将来"},       {ALERT_URGENCY_PAST, "Past", "已过"},
    {ALERT_URGENCY_UNKNOWN, "Unknown", "未知"},     {0, NULL, NULL}};

static const struct word_row severities[] = {
    {ALERT_SEVERITY_EXTREME, "Extreme", "特别严重"}, {ALERT_SEVERITY_SEVERE, "Severe", "严重"},
    {ALERT_SEVERITY_MODERATE, "Moderate", "中等"},   {ALERT_SEVERITY_MINOR, "Minor", "轻微"},
    {ALERT_SEVERITY_UNKNOWN, "Unknown", "未知"},     {0, NULL, NULL}};

static const struct word_row certainties[] = {
    {ALERT_CERTAINTY_OBSERVED, "Observed", "已发生"}, {ALERT_CERTAINTY_LIKELY, "Likely", "很可能"},
    {ALERT_CERTAINTY_POSSIBLE, "Possible", "可能"},   {ALERT_CERTAINTY_UNLIKELY, "Unlikely", "不大可能"},
    {ALERT_CERTAINTY_UNKNOWN, "Unknown", "未知"},     {0, NULL, NULL}};

static const struct word_row colours[] = {{ALERT_COLOUR_RED, "Red", "红色"},
                                          {ALERT_COLOUR_ORANGE, "Orange", "橙色"},
                                          {ALERT_COLOUR_YELLOW, "Yellow", "黄色"},
                                          {ALERT_COLOUR_BLUE, "Blue", "蓝色"},
                                          {0, NULL, NULL}};

static const struct word_row *const lists[ALERT_LISTS] = {
    [ALERT_SOURCES] = sources,         [ALERT_STATUSES] = statuses,   [ALERT_TYPES] = types,
    [ALERT_SCOPES] = scopes,           [ALERT_URGENCIES] = urgencies, [ALERT_SEVERITIES] = severities,
    [ALERT_CERTAINTIES] = certainties, [ALERT_COLOURS] = colours,
};

static const struct word_row *row_of(enum alert_list list, int value)
{
    const struct word_row *row = lists[list];

    while (row->word != NULL && row->value != value) {
        row++;
    }
    return row;
}

const char *alert_word(enum alert_list list, int value)
{
    const char *word = row_of(list, value)->word;

    return word != NULL ? word : "?";
}

const char *alert_word_zh(enum alert_list list, int value)
{
    const char *zh = row_of(list, value)->zh;

    return zh != NULL ? zh : "?";
}

int alert_value(enum alert_list list, const char *word)
{
    const struct word_row *row = lists[list];

    while (row->word != NULL && strcmp(row->word, word) != 0) {
        row++;
    }
    return row->value;
}

enum mode alert_mode(enum alert_status status)
{
    switch (status) {
    case ALERT_STATUS_ACTUAL:
        return MODE_ACTUAL;
    case ALERT_STATUS_EXERCISE:
        return MODE_EXERCISE;
    case ALERT_STATUS_SYSTEM:
    case ALERT_STATUS_TEST:
        return MODE_TEST;
    case ALERT_STATUS_NONE:
        break;
    }
    return MODE_NONE;
}

bool alert_is_disputed(const struct alert *alert)
{
    return alert->contents_n > 1;
}

bool alert_has_content(const struct alert *alert, const uint8_t content[ALERT_CONTENT_BYTES])
{
    for (size_t i = 0; i < alert->contents_n; i++) {
        if (memcmp(alert->contents[i].content, content, ALERT_CONTENT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

void alert_clear(struct alert *alert)
{
    for (size_t i = 0; i < alert->contents_n; i++) {
        words_free(&alert->contents[i].geocodes);
        free(alert->contents[i].references);
    }
    free(alert->contents);
}
