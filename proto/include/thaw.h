/*
 * thaw.h - libthaw: what crosses the wire of thaw/1.
 *
 * The library decodes and validates reports ("events") from MessagePack bytes, encodes and
 * decodes alerts, names the error codes, and holds a small client for the three endpoints.
 * PROTOCOL.md (of the sources in proto/, installed in share/doc/libthaw-dev) is the specification; this
 * header is the manual. Compile and link with `pkg-config --cflags --libs thaw`; libthaw.a needs what
 * `pkg-config --static` adds.
 *
 * Conventions
 *   - Functions return 0 (or a count) or a negative errno; `ret_` arguments and objects to be
 *     filled are untouched on failure unless a function says otherwise.
 *   - A thaw_str or thaw_list is a view: it points into the bytes that were decoded and lives
 *     as long as they do. Nothing is copied and nothing is allocated by the decoder, whatever
 *     a message claims about itself.
 *   - An instant is a count of nanoseconds since 1970-01-01T00:00:00Z, years 1900 to 2200.
 *   - The numbers of enumerations are those of programs that were built before: a new word goes
 *     behind the others, in front of the _COUNT.
 *   - No function keeps global state; different objects may be used from different threads.
 */
#ifndef THAW_H
#define THAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define THAW_API __attribute__((visibility("default")))

#define THAW_PROTOCOL "thaw/1"

/* ---- errors ------------------------------------------------------------------------- */

/* Why a message, an event or a request was refused; the text of each is what stands on the
 * wire (thaw_code_name). */
typedef enum thaw_code {
    THAW_OK = 0,
    THAW_MALFORMED,      /* not the MessagePack that the protocol admits */
    THAW_INVALID,        /* a field is missing, of the wrong type, or has an impossible value */
    THAW_UNKNOWN_VERB,   /* no such verb */
    THAW_UNKNOWN_KEY,    /* a request holds a key that its verb does not know */
    THAW_CONFLICT,       /* same source and id, other content */
    THAW_TOPIC_MISMATCH, /* topic and body disagree */
    THAW_FUTURE,         /* occurred_at or reported_at too far ahead of the machine's clock */
    THAW_TOO_LARGE,      /* message or string above its limit */
    THAW_TOO_OLD,        /* dated before the horizon of retention */
    THAW_LIMIT,          /* nesting, number of events, of persons, of what can be held */
    THAW_DENIED,         /* not allowed */
    THAW_GONE,           /* no longer kept */
    THAW_NOT_FOUND,      /* no such alert, incident or rule */
    THAW_UNAVAILABLE,    /* cannot be answered now */
    THAW_CODE_COUNT
} thaw_code;

/* Wire name of a code ("topic-mismatch"); "unknown" for a number that is none. Static. */
THAW_API const char *thaw_code_name(thaw_code code);
/* Code of a wire name of len bytes; -ENOENT where there is none. */
THAW_API int thaw_code_parse(const char *name, size_t len, thaw_code *ret_code);

/* What was wrong: the code, and a sentence naming the field, what was found and what was
 * expected. Foreign text in it is cut and made printable. */
typedef struct thaw_error {
    thaw_code code;
    char message[240];
} thaw_error;

/* ---- views -------------------------------------------------------------------------- */

typedef struct thaw_str {
    const char *data; /* NULL: the key is absent. Not NUL-terminated. */
    uint32_t len;
} thaw_str;

/* A validated MessagePack array, walked with the iterators below. */
typedef struct thaw_list {
    const uint8_t *data; /* first element; NULL: the key is absent */
    uint32_t bytes;
    uint32_t count;
} thaw_list;

/* ---- limits ------------------------------------------------------------------------- */

typedef struct thaw_limits {
    uint32_t message_bytes; /* 4 MiB */
    uint32_t nesting;       /* 8: arrays and maps within each other, the event map being 1 */
    uint32_t events;        /* 10 000 in one message */
    uint32_t persons;       /* 1 000 in one list of persons or targets */
    uint32_t ids;           /* 64 ids of one person or target; also parties of one event */
    uint32_t id_bytes;      /* 128: id, source, attributed_to, incident, part, ids ... */
    uint32_t text_bytes;    /* 4 KiB: title, note, url, names */
    int64_t future_ns;      /* 1 day: how far ahead of now_ns a date may start */
    bool blanks;            /* false: blanks and placeholders may not stand for names and ids */
} thaw_limits;

THAW_API extern const thaw_limits thaw_limits_default;
/* For what was accepted once and is read again (journal, history, tests that look far ahead): only
 * the shape is checked, whatever the limits of then were. */
THAW_API extern const thaw_limits thaw_limits_stored;

/* ---- times and dates ---------------------------------------------------------------- */

typedef enum thaw_precision {
    THAW_ABSENT = 0, /* the key is absent */
    THAW_INSTANT,
    THAW_DAY,
    THAW_MONTH,
    THAW_YEAR
} thaw_precision;

/* A time or a date as stated. */
typedef struct thaw_date {
    int64_t at_ns;     /* the instant, or the start of the day, month or year (UTC) */
    uint8_t precision; /* thaw_precision */
    bool approximate;  /* the date carried a `~` */
} thaw_date;

/* The interval a date stands for, [*ret_start_ns, *ret_end_ns): an instant is 1 ns long; `~`
 * widens a day by 14 days each way, a month by one month, a year by one year. The date must
 * not be absent. */
THAW_API void thaw_date_interval(const thaw_date *date, int64_t *ret_start_ns, int64_t *ret_end_ns);

/* Reads an RFC 3339 time ("2025-12-13T10:00:00.5+01:00") or a date ("2025-12", "2025-05-10~").
 * -EINVAL: neither; -ERANGE: outside the years 1900 to 2200. */
THAW_API int thaw_date_parse(const char *text, size_t len, thaw_date *ret_date);

/* Writes a date the way it was stated (an instant as RFC 3339 in UTC with as many decimals as
 * it needs), NUL-terminated, into at least THAW_DATE_TEXT bytes; returns its length. */
#define THAW_DATE_TEXT 40
THAW_API int thaw_date_format(const thaw_date *date, char text[THAW_DATE_TEXT]);

/* ---- texts -------------------------------------------------------------------------- */

/* Whether a text may stand as a name, or as an id of a person or party: as UTF-8 without control
 * characters it says something, and nothing of it means that there is none (section 4 of
 * PROTOCOL.md). A producer leaves out what may not. */
THAW_API bool thaw_text_is_name(const char *text, size_t len);
THAW_API bool thaw_text_is_id(const char *text, size_t len);

/* ---- events ------------------------------------------------------------------------- */

typedef enum thaw_kind {
    THAW_RELEASE = 1,
    THAW_DETENTION,
    THAW_SANCTION,
    THAW_TALKS,
    THAW_TALLY,
    THAW_FEED,
    THAW_RETRACTION,
    THAW_KIND_COUNT
} thaw_kind;

typedef enum thaw_status { THAW_RUMOURED = 1, THAW_ANNOUNCED, THAW_CONFIRMED } thaw_status;
typedef enum thaw_count_is { THAW_EXACT = 1, THAW_AT_LEAST, THAW_ABOUT } thaw_count_is;
typedef enum thaw_covers { THAW_EVENT = 1, THAW_PART, THAW_WIDER } thaw_covers;
typedef enum thaw_of { THAW_OF_DETAINED = 1, THAW_OF_RELEASED } thaw_of;
typedef enum thaw_feed_state { THAW_FEED_OK = 1, THAW_FEED_BROKEN } thaw_feed_state;

typedef enum thaw_form {
    THAW_PARDON = 1,
    THAW_AMNESTY,
    THAW_SENTENCE_SERVED,
    THAW_PAROLE,
    THAW_EXCHANGE,
    THAW_DEPORTATION,
    THAW_ACQUITTAL,
    THAW_FORM_OTHER,
    THAW_FORM_COUNT
} thaw_form;

typedef enum thaw_action {
    THAW_PROPOSED = 1, /* tightening ... */
    THAW_IMPOSED,
    THAW_EXTENDED,
    THAW_AMENDED,
    THAW_REIMPOSED,
    THAW_EASED, /* easing: an announcement until the act follows ... */
    THAW_LICENSED,
    THAW_SUSPENDED,
    THAW_LIFTED,
    THAW_DELISTED,
    THAW_MAINTAINED, /* neither */
    THAW_ACTION_COUNT
} thaw_action;

typedef enum thaw_stage {
    THAW_STAGE_REPORTED = 1,
    THAW_DEMANDED,
    THAW_OFFERED,
    THAW_PROMISED,
    THAW_AGREED,
    THAW_DENIED_STAGE,
    THAW_COLLAPSED,
    THAW_STAGE_COUNT
} thaw_stage;

/* Wire names of the enumerations above ("at_least", "sentence_served"); NULL for 0 or a number
 * out of range. Static. */
THAW_API const char *thaw_kind_name(thaw_kind kind);
THAW_API const char *thaw_status_name(thaw_status status);
THAW_API const char *thaw_count_is_name(thaw_count_is count_is);
THAW_API const char *thaw_covers_name(thaw_covers covers);
THAW_API const char *thaw_of_name(thaw_of of);
THAW_API const char *thaw_feed_state_name(thaw_feed_state state);
THAW_API const char *thaw_form_name(thaw_form form);
THAW_API const char *thaw_action_name(thaw_action action);
THAW_API const char *thaw_stage_name(thaw_stage stage);

/* One event, decoded and validated. Members of kinds to which a key does not belong are absent
 * (0, NULL). Enumerations are 0 where the key is absent, but `status`, `count_is` and `covers`
 * hold their defaults (announced, exact, event) wherever they apply. */
typedef struct thaw_event {
    uint8_t kind;   /* thaw_kind */
    uint8_t status; /* thaw_status; 0 for retraction and feed */
    uint8_t count_is, covers, of, feed_state, form, action, stage;
    bool has_count, has_expected_count, has_producer_seq;
    char country[2];
    thaw_str id, source, attributed_to, incident, revises, retracts;
    thaw_str title, note, url, producer;
    thaw_str part, part_dimension, part_value; /* `part` whole, and its two sides of '=' */
    thaw_str category, destination;
    thaw_str authority, program, sector;
    thaw_date occurred_at, reported_at, since, expires_at, expected_by;
    uint64_t count, expected_count, producer_seq;
    thaw_list persons;    /* of {name, ids}: thaw_party_next */
    thaw_list targets;    /* of {name, ids, type}: thaw_party_next */
    thaw_list parties;    /* of str: thaw_str_next */
    const uint8_t *bytes; /* the event's own map, as it came */
    uint32_t bytes_len;
} thaw_event;

/* The voice that stands behind a report: attributed_to, else source. */
THAW_API thaw_str thaw_event_voice(const thaw_event *event);

/* A person or a target. */
typedef struct thaw_party {
    thaw_str name; /* absent where only ids are given */
    thaw_str type; /* targets only */
    thaw_list ids; /* of str: thaw_str_next */
} thaw_party;

/* Take the next element off the front of a validated list; false at its end. */
THAW_API bool thaw_party_next(thaw_list *list, thaw_party *ret_party);
THAW_API bool thaw_str_next(thaw_list *list, thaw_str *ret_str);

/* ---- reading a message -------------------------------------------------------------- */

/* The body of an `events` message or of a `publish` request: one event map, or an array of
 * them. The bytes must outlive the reader and every view taken from it. */
typedef struct thaw_body {
    const uint8_t *start, *next, *end;
    uint32_t count; /* events in the message */
    uint32_t index; /* events taken so far */
    const thaw_limits *limits;
    int64_t now_ns;
    bool walked; /* the shape of the whole is known to be sound */
} thaw_body;

/* Checks the shape of the whole message (bounds, counts against the bytes that follow, nesting,
 * number of events, trailing bytes) before anything is read from it. now_ns is the machine's
 * clock, for the bound on dates in the future. -EBADMSG with *error filled. */
THAW_API int thaw_body_open(thaw_body *body, const void *data, size_t len,
                            const thaw_limits *limits, int64_t now_ns, thaw_error *error);

/* The same in one pass: the shape of the whole is not looked at before the events are read, but
 * with them. What thaw_body_open would have refused, thaw_body_next may refuse then, with -EPROTO.
 */
THAW_API int thaw_body_begin(thaw_body *body, const void *data, size_t len,
                             const thaw_limits *limits, int64_t now_ns, thaw_error *error);

/* Decodes the next event. 1: *event is filled and valid. 0: no more. -EBADMSG: this event is
 * rejected for *error; of *event only bytes, and of id, source, country and producer what could be
 * read, are filled; the reader stands behind it: the next call goes on with the next event. -EPROTO,
 * only after thaw_body_begin and never after an -EBADMSG: the message as a whole is refused for
 * *error, also the events that were taken from it; there are no more. */
THAW_API int thaw_body_next(thaw_body *body, thaw_event *event, thaw_error *error);

/* Looks at the shape of the whole after thaw_body_begin, for who will not wait for the last event.
 * 0; -EPROTO as above. */
THAW_API int thaw_body_check(thaw_body *body, thaw_error *error);

/* Checks a topic (KIND.COUNTRY) against an event; THAW_OK, or THAW_TOPIC_MISMATCH with *error
 * filled. */
THAW_API thaw_code thaw_topic_check(const char *topic, size_t topic_len, const thaw_event *event,
                                    thaw_error *error);

/* Identity of an event's content: a 128-bit hash that does not depend on how its values are
 * encoded (width of integers and lengths, order of keys). */
typedef struct thaw_hash {
    uint64_t low, high;
} thaw_hash;
THAW_API thaw_hash thaw_event_content_hash(const thaw_event *event);
/* Identity of a report: a 128-bit hash of (source, id). */
THAW_API thaw_hash thaw_report_key(thaw_str source, thaw_str id);

/* ---- alerts ------------------------------------------------------------------------- */

typedef enum thaw_alert_state {
    THAW_PENDING = 1, /* `for` is running; never on the wire */
    THAW_FIRING,
    THAW_RESOLVED,
    THAW_WITHDRAWN,
    THAW_ALERT_STATE_COUNT
} thaw_alert_state;

/* "firing"; NULL for a number that is none. Static. */
THAW_API const char *thaw_alert_state_name(thaw_alert_state state);

/* One MessagePack value as it stands in a message; data NULL: absent. */
typedef struct thaw_raw {
    const uint8_t *data;
    uint32_t len;
} thaw_raw;

/* Most elements of facts, reports, sources and because of one alert. */
#define THAW_ALERT_LIST_MAX 64

/* One change of an alert, as it is published. */
typedef struct thaw_alert {
    thaw_str epoch; /* the journal's life */
    uint64_t seq;   /* 1, 2, 3 ... over all topics of the epoch */
    thaw_str id;    /* RULE:GROUP:N, stable */
    uint64_t rev;   /* revision of the alert, from 1 */
    uint8_t state;  /* thaw_alert_state */
    thaw_str rule, rule_version, severity, title;
    thaw_raw labels;   /* map; absent: {} */
    thaw_str country;  /* absent where the rule does not group by country */
    thaw_raw group;    /* map; absent: {} */
    thaw_raw values;   /* map of the aggregates that `when` used; absent: {} */
    int64_t since_ns;  /* when it became true */
    int64_t at_ns;     /* when this change was made */
    thaw_list facts;   /* of str: thaw_str_next; absent: [] */
    thaw_list reports; /* of {source, id}: thaw_report_next */
    thaw_list sources; /* of str: thaw_str_next */
    thaw_list because; /* of {source, id}: thaw_report_next; empty unless withdrawn */
    thaw_raw bytes;    /* decoded alerts: the whole body, as it came */
} thaw_alert;

typedef struct thaw_report_ref {
    thaw_str source, id;
} thaw_report_ref;

/* Takes the next {source, id} off the front of a decoded list; false at its end. */
THAW_API bool thaw_report_next(thaw_list *list, thaw_report_ref *ret_report);

/* Packs the body of an alert: every key, in the order of PROTOCOL.md, and nothing of it that is
 * not given (an absent str as "", an absent list or map as an empty one); `because` only for
 * withdrawn. -EINVAL: no state or a time that no timestamp can hold; -ENOMEM. `bytes` is not
 * looked at. */
struct msgpack_packer;
THAW_API int thaw_alert_pack(const thaw_alert *alert, struct msgpack_packer *packer);

/* The same into fresh memory of *ret_len bytes that the caller frees with free(). */
THAW_API int thaw_alert_encode(const thaw_alert *alert, uint8_t **ret_data, size_t *ret_len);

/* Reads the body of an alert; the views point into data. Unknown keys are passed over.
 * -EBADMSG with *error filled: it is none. */
THAW_API int thaw_alert_decode(thaw_alert *alert, const void *data, size_t len, thaw_error *error);

/* Decodes the next alert of an array of them (`alerts` of a snapshot or a replay), taking it off
 * the front of the list. 1, 0 at its end, -EBADMSG: the list is not to be read further. */
THAW_API int thaw_alert_next(thaw_list *list, thaw_alert *alert, thaw_error *error);

/* Writes the topic of an alert, "alert.COUNTRY.RULE.", NUL-terminated; `-` stands for an absent
 * country. Returns its length; -ENOSPC: THAW_TOPIC_BYTES are not enough for this rule. */
#define THAW_TOPIC_BYTES 128
THAW_API int thaw_alert_topic(thaw_str country, thaw_str rule, char topic[THAW_TOPIC_BYTES]);

/* The beat: the last number given out. */
#define THAW_BEAT_TOPIC "beat"
typedef struct thaw_beat {
    thaw_str epoch;
    uint64_t seq;
    int64_t at_ns;
} thaw_beat;
#define THAW_BEAT_BYTES 192
/* Packs a beat into data; returns its length; -EINVAL: epoch longer than 128 bytes. */
THAW_API int thaw_beat_encode(const thaw_beat *beat, uint8_t data[THAW_BEAT_BYTES]);
/* Reads the body of a beat; the epoch points into data. -EBADMSG with *error filled: it is none. */
THAW_API int thaw_beat_decode(thaw_beat *beat, const void *data, size_t len, thaw_error *error);

/* ---- clients ------------------------------------------------------------------------ *
 * Three small clients over libzmq, each driven by the caller and without a thread of its own
 * (libzmq's apart). One object belongs to one thread at a time. None of them sends ZMTP
 * heartbeats, all have bounded queues, and closing one never waits for a peer. Where the daemon does not
 * take their keys they try again every two seconds: a key may be admitted later. */

/* Where to connect and with which keys. Strings are copied where they are kept. */
typedef struct thaw_connection {
    const char *endpoint;   /* "ipc:///run/thaw/service", "tcp://localhost:7000" (a name: its IPv4 address),
                             *   "tcp://[::1]:7000" */
    const char *server_key; /* CURVE key of the daemon, Z85, 40 characters; NULL: no CURVE */
    const char *public_key; /* own pair, both or none; with a server key and no pair a fresh one */
    const char *secret_key; /*   is made, which the daemon may not admit */
    void *zmq_context;      /* a libzmq context to share, which must outlive the client; or NULL */
    uint32_t message_bytes; /* greatest message taken from the daemon; 0: 64 MiB */
} thaw_connection;

/* What the daemon answered; the views live until the next call on the object, or in a callback
 * until it returns. */
typedef struct thaw_reply {
    thaw_code code;      /* THAW_OK, or that of the ERR; of one that this library does not know THAW_INVALID */
    const uint8_t *body; /* the body of OK or ERR, as it came */
    size_t body_len;
    thaw_str message; /* of an ERR */
} thaw_reply;

/* Questions, one at a time. */
typedef struct thaw_client thaw_client;

/* Connects; that the daemon is there shows with the first call. -EINVAL: endpoint or keys;
 * -ENOMEM; another -errno of libzmq. */
THAW_API int thaw_client_new(const thaw_connection *connection, thaw_client **ret_client);
THAW_API thaw_client *thaw_client_free(thaw_client *client);

/* Asks and waits for the answer, at most timeout_ms (below 0: for ever). body is one MessagePack
 * value, or NULL for an empty map. 0: *ret_reply is filled, be it OK or ERR. -EINVAL: no verb;
 * -ETIMEDOUT: no connection or no answer; -EACCES: none, as the daemon refused the keys or asks for
 * some; -EINTR: a signal. What is no answer of the protocol, or one to an earlier question, is passed
 * over. */
THAW_API int thaw_client_call(thaw_client *client, const char *verb, const void *body,
                              size_t body_len, int timeout_ms, thaw_reply *ret_reply);

/* Acknowledged publishing: keeps each request until the daemon has answered, sends it again
 * after a lost connection or a time without answer, and never has more than `window` of them
 * under way. Sending twice is harmless: the daemon knows each report by (source, id). */
typedef struct thaw_publisher thaw_publisher;

typedef struct thaw_ack {
    uint64_t tag;     /* as handed to thaw_publisher_send */
    thaw_code code;   /* THAW_OK: judged event by event; else the request was refused whole */
    thaw_str message; /* of a refusal */
    uint64_t accepted, duplicates, journal_seq;
    thaw_list rejected;  /* thaw_rejection_next */
    const uint8_t *body; /* the request's body, as it was sent */
    size_t body_len;
} thaw_ack;

typedef struct thaw_rejection {
    uint64_t index; /* place of the event in the request, from 0 */
    thaw_str id;    /* "" where it could not be read */
    thaw_code code;
    thaw_str message;
} thaw_rejection;

THAW_API bool thaw_rejection_next(thaw_list *list, thaw_rejection *ret_rejection);

typedef void (*thaw_ack_fn)(void *context, const thaw_ack *ack);

typedef struct thaw_publisher_options {
    thaw_connection connection;
    uint32_t window;    /* requests under way, 1 to 65536; 0: 64 */
    uint32_t resend_ms; /* without answer, doubling up to 30 s; 0: 5000 */
    thaw_ack_fn ack;    /* called from thaw_publisher_poll; may call thaw_publisher_send */
    void *context;
} thaw_publisher_options;

/* Connects; that the daemon is there shows with the first ack. -EINVAL: endpoint, keys or window;
 * -ENOMEM; another -errno of libzmq. */
THAW_API int thaw_publisher_new(const thaw_publisher_options *options,
                                thaw_publisher **ret_publisher);
/* What is not acknowledged is dropped: see thaw_publisher_pending. */
THAW_API thaw_publisher *thaw_publisher_free(thaw_publisher *publisher);

/* Takes a copy of a `publish` body (an event map or an array of them) under way. -EAGAIN: the
 * window is full, poll first; -ENOMEM. A body of more than twice the daemon's limits.message (4 MiB
 * unless configured) ends the connection each time that it is sent, and is never acknowledged. */
THAW_API int thaw_publisher_send(thaw_publisher *publisher, const void *body, size_t body_len,
                                 uint64_t tag);

/* Sends what is due and takes in answers; returns after the first of them, or after timeout_ms
 * (below 0: for ever). Number of acks handed out; -EINTR; another -errno of libzmq. */
THAW_API int thaw_publisher_poll(thaw_publisher *publisher, int timeout_ms);

/* Polls until nothing is pending. -ETIMEDOUT: something still is after timeout_ms; -EACCES: the same,
 * as the daemon refused the keys or asks for some; -EINTR. */
THAW_API int thaw_publisher_flush(thaw_publisher *publisher, int timeout_ms);

THAW_API size_t thaw_publisher_pending(const thaw_publisher *publisher);

/* Following alerts without missing one: subscribes, takes the snapshot, follows, fills holes by
 * replay, and starts over with a new epoch, or where the numbers of this one go back. The alerts
 * of one topic prefix come in the order of their numbers, each once. */
typedef struct thaw_subscriber thaw_subscriber;

typedef enum thaw_turn {
    THAW_TURN_RESET = 1, /* forget what was held: a snapshot follows */
    THAW_TURN_SYNCED,    /* up to date as far as is known: after a snapshot or a replay */
    THAW_TURN_SILENT     /* nothing, not even a beat, came for silent_ms */
} thaw_turn;

typedef struct thaw_subscriber_options {
    thaw_connection alerts, service;
    const char *topic; /* prefix, at most 245 bytes: "alert.BY."; NULL: all alerts */
    const char *epoch; /* go on from a position kept earlier; NULL or "": begin with a snapshot */
    uint64_t seq;
    uint32_t request_ms; /* until a question is asked again; 0: 3000 */
    uint32_t silent_ms;  /* 0: 10000 */
    /* Of a snapshot (its alerts are active, in the order of their ids), a replay, or live. */
    void (*alert)(void *context, const thaw_alert *alert, bool snapshot);
    void (*turn)(void *context, thaw_turn turn); /* may be NULL */
    void *context;
} thaw_subscriber_options;

/* Connects; that the daemon is there shows with the first turn. -EINVAL: no `alert`, an epoch, endpoint
 * or keys that are none, a topic that is too long or with which no topic of alerts can begin; -ENOMEM;
 * another -errno of libzmq. */
THAW_API int thaw_subscriber_new(const thaw_subscriber_options *options,
                                 thaw_subscriber **ret_subscriber);
THAW_API thaw_subscriber *thaw_subscriber_free(thaw_subscriber *subscriber);

/* Takes in what has come; returns after the first alert or turn, or after timeout_ms (below 0:
 * for ever). Number of alerts handed out; -EINTR; -EACCES: the daemon denied the question, the
 * sentence is with thaw_subscriber_error; another -errno of libzmq. */
THAW_API int thaw_subscriber_poll(thaw_subscriber *subscriber, int timeout_ms);

/* Up to where nothing is missing; the epoch lives until the next poll. To be kept together with what was made of
 * the alerts. "" and 0: nowhere, as a snapshot is to come or has more pages; who begins with that gets one. */
THAW_API const char *thaw_subscriber_position(const thaw_subscriber *subscriber, uint64_t *ret_seq);

/* The last ERR that the daemon answered, or THAW_DENIED where it refused the keys at the handshake; code
 * THAW_OK: none. */
THAW_API const thaw_error *thaw_subscriber_error(const thaw_subscriber *subscriber);

#ifdef __cplusplus
}
#endif
#endif
