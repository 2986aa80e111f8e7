/*
 * test_import.c - the importers' readers: lists cut at every byte, and with every byte another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/country.h"
#include "import/feed.h"
#include "import/identifier.h"
#include "import/import.h"
#include "import/programs.h"
#include "import/rows.h"

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

static const char eu[] =
    "celex,recordId,programKey,annex,measure,startDate,schema,name,address\r\n"
    "32006R0765,1,EU-BLR,I.A,Asset freeze,2.12.2021,Person,\"Example, Ann\",\r\n"
    "32006R0765,,EU-BLR,IX,Financial restrictions,14 June 2022,LegalEntity,Example "
    "Bank,\"Minsk, Belarus\"\r\n";

static const char un[] =
    "<CONSOLIDATED_LIST dateGenerated=\"2026-02-27T00:00:09.5Z\"><INDIVIDUALS><INDIVIDUAL>"
    "<DATAID>69</DATAID><VERSIONNUM>1</VERSIONNUM><FIRST_NAME>Ann</FIRST_NAME><UN_LIST_TYPE>DRC"
    "</UN_LIST_TYPE><REFERENCE_NUMBER>CDi.001</REFERENCE_NUMBER><LISTED_ON>2012-12-31</LISTED_ON>"
    "</INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>";

static const char ftm[] =
    "{\"id\":\"A\",\"caption\":\"Example\",\"schema\":\"Company\",\"properties\":{\"topics\":"
    "[\"sanction\"]},\"datasets\":[\"eu_fsf\"],\"referents\":[\"ofac-7\"]}\n"
    "{\"id\":\"s\",\"schema\":\"Sanction\",\"properties\":{\"entity\":[\"A\"],\"programId\":"
    "[\"EU-BLR\"],\"startDate\":[\"2024-01-05\"]},\"datasets\":[\"eu_fsf\"]}";

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

/* A cut between two rows cannot be seen in these: such a list is whole, and shorter. */
static void cut_between_rows(const char *kind, const char *data, size_t len, size_t most)
{
    size_t taken = 0;
    for (size_t end = 0; end < len; end++) {
        list l = {0};
        taken += read_bytes(kind, data, end, &l) == 0;
        records_done(&l);
    }
    assert_true(taken <= most);
    change_everywhere(kind, data, len);
}

static void test_eu(void **state)
{
    (void)state;
    list l = {0};
    cut_between_rows("eu", eu, sizeof eu - 1, 1);
    assert_int_equal(read_bytes("eu", eu, sizeof eu - 1, &l), 0);
    assert_int_equal(l.count, 2);
    const record *r = records_find(&l, "EU-BLR/IX/Financial restrictions/example-bank");
    assert_non_null(r);
    assert_string_equal(r->at[RECORD_LISTED], "2022-06-14");
    assert_string_equal(r->at[RECORD_COUNTRIES], "BY");
    records_done(&l);
}

static void test_un(void **state)
{
    (void)state;
    cut_everywhere("un", un, sizeof un - 1);
    change_everywhere("un", un, sizeof un - 1);
}

static void test_opensanctions(void **state)
{
    (void)state;
    list l = {0};
    /* The first line with its end, without it, and with a break before the second. */
    cut_between_rows("opensanctions", ftm, sizeof ftm - 1, 2);
    assert_int_equal(read_bytes("opensanctions", ftm, sizeof ftm - 1, &l), 0);
    assert_int_equal(l.count, 1);
    assert_string_equal(l.at[0].at[RECORD_KEY], "A/EU");
    assert_string_equal(l.at[0].at[RECORD_IDS], "opensanctions:A\nofac:7");
    records_done(&l);
}

static int reports_read(const char *data, size_t len)
{
    problem p = {""};
    source *s = NULL;
    teller t = {.source = "gdelt", .title = "GDELT"};
    teller_open(&t);
    assert_int_equal(source_of_bytes("events", data, len, &s), 0);
    int result = feed_find("gdelt")->reports(s, &t, &p);
    assert_true(result == 0 || result == -EBADMSG);
    source_close(s);
    teller_done(&t);
    return result;
}

static void test_gdelt(void **state)
{
    (void)state;
    text row = {0};
    for (int i = 0; i < 61; i++)
        text_put(&row, i == 0    ? "881990997"
                       : i == 1  ? "\t20191024"
                       : i == 26 ? "\t0841"
                       : i == 53 ? "\tBO"
                       : i == 59 ? "\t20191024143000"
                       : i == 60 ? "\thttp://www.example.org/a\n"
                                 : "\t");
    assert_false(row.failed);
    for (size_t end = 0; end < row.len; end++)
        assert_int_equal(reports_read(row.data, end), -EBADMSG);
    assert_int_equal(reports_read(row.data, row.len), 0);
    for (size_t at = 0; at < row.len; at++) {
        static const char others[] = {'\0', '\t', '\n', '\xff', '9', 'x'};
        char was = row.data[at];
        for (size_t i = 0; i < sizeof others; i++) {
            row.data[at] = others[i];
            reports_read(row.data, row.len);
        }
        row.data[at] = was;
    }
    text_done(&row);
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

static void test_every_kind_is_read(void **state)
{
    (void)state;
    assert_non_null(import_kinds[0]);
    for (size_t i = 0; import_kinds[i] != NULL; i++) {
        const feed *f = feed_find(import_kinds[i]);
        assert_non_null(f);
        assert_true((f->read != NULL) != (f->reports != NULL));
    }
    assert_null(feed_find("no-such-kind"));
}

/* A row of so many columns, of which the last has so many bytes; what rows_next says of it. */
static int row_of(size_t columns, size_t bytes)
{
    size_t commas = columns - 1, len = commas + bytes;
    char *data = malloc(len + 1);
    problem p = {""};
    rows r;
    row one;
    assert_non_null(data);
    memset(data, ',', commas);
    memset(data + commas, 'x', bytes);
    rows_open(&r, "list.csv", data, len);
    int result = rows_next(&r, &one, &p);
    if (result == 1) {
        assert_int_equal(one.count, columns);
        assert_int_equal(strlen(one.at[commas]), bytes);
    }
    assert_int_equal(result < 0, p.text[0] != '\0');
    free(data);
    return result;
}

static void test_bounds_of_rows(void **state)
{
    (void)state;
    assert_int_equal(row_of(ROW_FIELDS_MAX, 1), 1);
    assert_int_equal(row_of(ROW_FIELDS_MAX + 1, 1), -EBADMSG);
    assert_int_equal(row_of(2, ROW_FIELD_BYTES_MAX), 1);
    assert_int_equal(row_of(2, ROW_FIELD_BYTES_MAX + 1), -EBADMSG);
}

static void test_countries(void **state)
{
    (void)state;
    assert_string_equal(country_of_fips("BO", 2), "BY");
    assert_string_equal(country_of_fips("CH", 2), "CN");
    assert_string_equal(country_of_alpha3("BLR", 3), "BY");
    assert_string_equal(country_of_alpha2("by", 2), "BY");
    assert_string_equal(country_of_name(" Russian Federation", 19), "RU");
    assert_null(country_of_fips("", 0));
    assert_null(country_of_name("Atlantis", 8));
    assert_string_equal(program_country("EU-BLR", 6), "BY");
    assert_string_equal(program_country("US-BRUS", 7), "BY");
    assert_string_equal(program_country("EU-UKR", 6), "RU"); /* as UKRAINE of OFAC */
    assert_string_equal(program_country("EU-RUSDA", 8), "RU");
    assert_string_equal(program_country("EU-SDNZ", 7), "SD");
    assert_string_equal(program_country("EU-LEBANON", 10), "LB");
    assert_string_equal(program_country("US-UKRRUS-REL", 13), "RU");
    assert_string_equal(program_country("US-BURMA", 8), "MM");
    assert_string_equal(program_country("SECO-UKRAINE", 12), "RU");
    assert_null(program_country("EU-HR", 5));
    assert_null(program_country("EU-US-LEG", 9));
    assert_null(program_country("US-BALKANS", 10));
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
        cmocka_unit_test(test_ofac_csv),
        cmocka_unit_test(test_ofac_xml),
        cmocka_unit_test(test_ofac_fields),
        cmocka_unit_test(test_every_kind_is_read),
        cmocka_unit_test(test_bounds_of_rows),
        cmocka_unit_test(test_countries),
        cmocka_unit_test(test_eu),
        cmocka_unit_test(test_un),
        cmocka_unit_test(test_opensanctions),
        cmocka_unit_test(test_gdelt),
        cmocka_unit_test(test_identifiers),
        cmocka_unit_test(test_dates_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
