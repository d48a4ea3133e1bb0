#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf/csv.h"

static struct csv *parse(const char *text)
{
    struct csv *csv;

    assert_int_equal(csv_parse("t.csv", text, strlen(text), &csv, NULL), 0);
    return csv;
}

static void expect_row(struct csv *csv, size_t line, size_t n, const char *const fields[])
{
    struct csv_row row;

    assert_int_equal(csv_next(csv, &row, NULL), 1);
    assert_int_equal(row.line, line);
    assert_int_equal(row.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(row.fields[i], fields[i]);
    }
}

static void expect_bad(struct csv *csv, const char *text)
{
    struct csv_row row;
    struct err err = {0};

    assert_int_equal(csv_next(csv, &row, &err), ERR_DATA);
    assert_string_equal(err.text, text);
}

static void expect_end(struct csv *csv)
{
    struct csv_row row;

    assert_int_equal(csv_next(csv, &row, NULL), 0);
    assert_int_equal(csv_next(csv, &row, NULL), 0);
    csv_free(csv);
}

static void plain_rows_with_either_line_end(void **state)
{
    (void)state;
    struct csv *csv = parse("a,b,c\r\n1,,3\n\n,,\r\nlast,1,2");
    expect_row(csv, 1, 3, (const char *const[]){"a", "b", "c"});
    expect_row(csv, 2, 3, (const char *const[]){"1", "", "3"});
    expect_row(csv, 4, 3, (const char *const[]){"", "", ""});
    expect_row(csv, 5, 3, (const char *const[]){"last", "1", "2"});
    expect_end(csv);
}

static void quotes_commas_and_line_breaks_inside(void **state)
{
    (void)state;
    struct csv *csv =
        parse("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\"\nnext,\"\"\"\",z,\"cr\r\nlf\"\nx\n");
    expect_row(csv, 1, 4, (const char *const[]){"a,b", "say \"hi\"", "two\nlines", ""});
    expect_row(csv, 3, 4, (const char *const[]){"next", "\"", "z", "cr\r\nlf"});
    expect_row(csv, 5, 1, (const char *const[]){"x"});
    expect_end(csv);
}

static void byte_order_mark_is_no_text(void **state)
{
    (void)state;
    struct csv *csv = parse("\xEF\xBB\xBFname,值\n");
    expect_row(csv, 1, 2, (const char *const[]){"name", "值"});
    expect_end(csv);
    expect_end(parse("\xEF\xBB\xBF"));
    expect_end(parse(""));
    expect_end(parse("\n\r\n\n"));
}

static void carriage_return_within_a_line_stays(void **state)
{
    (void)state;
    struct csv *csv = parse("a\rb,c\r\n");
    expect_row(csv, 1, 2, (const char *const[]){"a\rb", "c"});
    expect_end(csv);
}

static void bad_row_costs_its_line_alone(void **state)
{
    (void)state;
    struct csv *csv = parse("good,1\nba\"d,2\n\"x\"y,3\n\xff,4\n\"open,5\nfine,6\n");
    expect_row(csv, 1, 2, (const char *const[]){"good", "1"});
    expect_bad(csv,
               "t.csv:2: a quote stands inside a field that does not begin with one; quote the whole field");
    expect_bad(csv, "t.csv:3: there is text behind a closing quote; double the quotes inside a field");
    expect_bad(csv, "t.csv:4: not UTF-8; convert the file, e.g. with iconv");
    expect_bad(csv, "t.csv:5: a quote is opened and not closed");
    expect_row(csv, 6, 2, (const char *const[]){"fine", "6"});
    expect_end(csv);
}

static void limits_hold(void **state)
{
    (void)state;
    size_t n = CSV_FIELD_MAX + 1;
    char *text = malloc(n + 8);
    assert_non_null(text);
    memset(text, 'x', n);
    memcpy(text + n, "\nok\n", 5);
    struct csv *csv = parse(text);
    expect_bad(csv, "t.csv:1: a field is larger than 64 KiB");
    expect_row(csv, 2, 1, (const char *const[]){"ok"});
    expect_end(csv);

    memset(text, ',', CSV_FIELDS_MAX);
    memcpy(text + CSV_FIELDS_MAX, "\nok\n", 5);
    csv = parse(text);
    expect_bad(csv, "t.csv:1: more than 1,024 fields");
    expect_row(csv, 2, 1, (const char *const[]){"ok"});
    expect_end(csv);

    memset(text, ',', CSV_FIELDS_MAX - 1);
    memcpy(text + CSV_FIELDS_MAX - 1, "\nok\n", 5);
    csv = parse(text);
    struct csv_row row;
    assert_int_equal(csv_next(csv, &row, NULL), 1);
    assert_int_equal(row.n, CSV_FIELDS_MAX);
    csv_free(csv);
    free(text);
}

/* A stray quote must not take the rest of a large file with it. */
static void open_quote_in_a_large_file_costs_one_line(void **state)
{
    (void)state;
    size_t n = CSV_ROW_MAX + 100000;
    char *text = malloc(n + 1);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        text[i] = i % 10 == 9 ? '\n' : 'a';
    }
    text[0] = '"';
    text[n] = '\0';
    struct csv *csv = parse(text);
    struct csv_row row;
    size_t rows = 0;
    assert_int_equal(csv_next(csv, &row, NULL), ERR_DATA);
    while (csv_next(csv, &row, NULL) == 1) {
        rows++;
    }
    assert_int_equal(rows, (n + 9) / 10 - 1);
    csv_free(csv);
    free(text);
}

static void missing_file(void **state)
{
    (void)state;
    struct csv *csv;
    struct err err = {0};
    assert_int_equal(csv_load("no/such/file.csv", &csv, &err), ERR_NO_INPUT);
    assert_non_null(strstr(err.text, "no/such/file.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_rows_with_either_line_end),
        cmocka_unit_test(quotes_commas_and_line_breaks_inside),
        cmocka_unit_test(byte_order_mark_is_no_text),
        cmocka_unit_test(carriage_return_within_a_line_stays),
        cmocka_unit_test(bad_row_costs_its_line_alone),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(open_quote_in_a_large_file_costs_one_line),
        cmocka_unit_test(missing_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
