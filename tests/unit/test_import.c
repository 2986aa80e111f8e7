/*
 * test_import.c - the importers' readers: lists cut at every byte, and with every byte another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/country.h"
#include "import/feed.h"
#include "import/identifier.h"
#include "import/programs.h"

static const char sdn[] =
    "36,\"EXAMPLE AIRLINES\",-0- ,\"CUBA\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n"
    "173,\"EXAMPLE \"\"CARIBBEAN\"\" CO., LTD.\",-0- ,\"BELARUS] [CUBA\",-0- ,-0- ,-0- ,-0- ,-0- ,"
    "-0- ,-0- ,\"Tax ID No. 808000714 (Belarus).\"\r\n\x1a";

static const char sdn_xml[] =
    "<?xml version=\"1.0\"?><sdnList xmlns=\"http://tempuri.org/sdnList.xsd\"><publshInformation>"
    "<Publish_Date>01/05/2024</Publish_Date><Record_Count>2</Record_Count></publshInformation>"
    "<sdnEntry><uid>36</uid><lastName>EXAMPLE AIRLINES</lastName><sdnType>Entity</sdnType>"
    "<programList><program>CUBA</program></programList></sdnEntry><sdnEntry><uid>40</uid>"
    "<firstName>Ann</firstName><lastName>EXAMPLE</lastName><sdnType>Individual</sdnType>"
    "<programList><program>BELARUS</program></programList></sdnEntry></sdnList>";

static int read_bytes(const char *kind, const void *data, size_t len, list *l)
{
    problem p = {""};
    source *s = NULL;
    assert_int_equal(source_of_bytes("list", data, len, &s), 0);
    source *sources[] = {s};
    int result = feed_find(kind)->read(sources, 1, l, &p);
    source_close(s);
    assert_true(result == 0 || result == -EBADMSG);
    assert_true(result == 0 || p.text[0] != '\0');
    return result;
}

/* A cut list is never taken for a whole one. */
static void cut_everywhere(const char *kind, const char *data, size_t len)
{
    for (size_t end = 0; end < len; end++) {
        list l = {0};
        char *copy = malloc(end > 0 ? end : 1); /* exactly, so that a sanitizer sees its end */
        assert_non_null(copy);
        memcpy(copy, data, end);
        assert_int_equal(read_bytes(kind, copy, end, &l), -EBADMSG);
        records_done(&l);
        free(copy);
    }
    list l = {0};
    assert_int_equal(read_bytes(kind, data, len, &l), 0);
    records_done(&l);
}

/* Whatever one byte becomes, the reader ends, and what it takes has as many records. */
static void change_everywhere(const char *kind, const char *data, size_t len)
{
    static const char others[] = {'\0', '"', ',', '\n', '<', '>', '\x1a', '\xff', '-', '9'};
    char *copy = malloc(len);
    assert_non_null(copy);
    for (size_t at = 0; at < len; at++) {
        for (size_t i = 0; i < sizeof others; i++) {
            list l = {0};
            memcpy(copy, data, len);
            copy[at] = others[i];
            read_bytes(kind, copy, len, &l);
            records_done(&l);
        }
    }
    free(copy);
}

static void test_ofac_csv(void **state)
{
    (void)state;
    cut_everywhere("ofac", sdn, sizeof sdn - 1);
    change_everywhere("ofac", sdn, sizeof sdn - 1);
}

static void test_ofac_xml(void **state)
{
    (void)state;
    cut_everywhere("ofac", sdn_xml, sizeof sdn_xml - 1);
    change_everywhere("ofac", sdn_xml, sizeof sdn_xml - 1);
}

static void test_ofac_fields(void **state)
{
    (void)state;
    list l = {0};
    assert_int_equal(read_bytes("ofac", sdn, sizeof sdn - 1, &l), 0);
    const record *r = records_find(&l, "173");
    assert_non_null(r);
    assert_string_equal(r->at[RECORD_NAME], "EXAMPLE \"CARIBBEAN\" CO., LTD.");
    assert_string_equal(r->at[RECORD_PROGRAMS], "BELARUS, CUBA");
    assert_string_equal(r->at[RECORD_COUNTRIES], "BY CU");
    assert_string_equal(r->at[RECORD_IDS], "ofac:173\ntax:BY:808000714");
    assert_string_equal(r->at[RECORD_TYPE], "entity");
    assert_null(records_find(&l, "17"));
    records_done(&l);
}

static void test_countries(void **state)
{
    (void)state;
    assert_string_equal(country_of_fips("BO", 2), "BY");
    assert_string_equal(country_of_fips("CH", 2), "CN");
    assert_string_equal(country_of_alpha3("BLR", 3), "BY");
    assert_string_equal(country_of_alpha2("by", 2), "BY");
    assert_string_equal(country_of_name(" Russian Federation", 19), "RU");
    assert_string_equal(country_name("BY"), "Belarus");
    assert_null(country_of_fips("", 0));
    assert_null(country_of_name("Atlantis", 8));
    assert_string_equal(program_country("EU-BLR", 6), "BY");
    assert_string_equal(program_country("US-BRUS", 7), "BY");
    assert_null(program_country_ofac("SDGT", 4));
}

static void test_identifiers(void **state)
{
    (void)state;
    text ids = {0};
    identifier_add(&ids, "passport", "ZW", "AD-000 263", 10);
    identifier_add(&ids, "passport", NULL, "AD000263", 8);
    identifier_add(&ids, "tax", "IR", "26740", 5);
    identifier_add(&ids, "registration", "BY", "808000714", 9);
    identifier_add(&ids, "tax", "RU", "not known", 9);
    identifier_add(&ids, "national-id", "RU", "1234567(8)", 10);
    identifier_add_imo(&ids, "9074729", 7);
    identifier_add_imo(&ids, "9074728", 7);
    assert_string_equal(text_get(&ids), "passport:ZW:AD000263\ntax:BY:808000714\nimo:9074729");
    text_done(&ids);
}

static void test_dates_of_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *date;
    } cases[] = {{"a/sdn-2021-12-02.csv.gz", "2021-12-02"},
                 {"32006R0765-consolidated-20260424.csv.gz", "2026-04-24"},
                 {"20191024143000.export.CSV.gz", "2019-10-24T14:30:00Z"},
                 {"set-2021-07-sdn.csv", "2021-07"},
                 {"2020-01-01/sdn.csv", NULL},
                 {"sdn.csv", NULL},
                 {"list-20211399.csv", NULL},
                 {"12345678.csv", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char date[THAW_DATE_TEXT] = "";
        assert_int_equal(source_date_of_name(cases[i].name, date), cases[i].date != NULL);
        if (cases[i].date != NULL)
            assert_string_equal(date, cases[i].date);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ofac_csv),    cmocka_unit_test(test_ofac_xml),
        cmocka_unit_test(test_ofac_fields), cmocka_unit_test(test_countries),
        cmocka_unit_test(test_identifiers), cmocka_unit_test(test_dates_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
