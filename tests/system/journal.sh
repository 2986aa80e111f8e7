# What thawd tells the journal: ids, fields, catalog, floods, levels, and no names of people.
. "$(dirname "$0")/lib.sh"
install_thaw
rule mass-release 10
cat >/etc/thaw/rules.d/people.yaml <<'YAML'
rules:
  - rule: person-free
    by: [person]
    select:
      freed: {kind: person, where: status == "released"}
    when: freed.count > 0
    severity: info
    title: "{person} is free"
YAML
must "start" systemctl start thawd

say "every kind of message is in the catalog"
sed -n 's/^ *X([A-Z_]*, "\([0-9a-f]*\)".*/\1/p' "$THAW_SOURCE/daemon/message_ids.h" >/tmp/ids
[ "$(wc -l </tmp/ids)" -gt 20 ] || fail "the ids were not found"
while read -r id; do
    must "$id is in the catalog" eval "journalctl --dump-catalog $id | grep -q '^Subject: .'"
done </tmp/ids

say "alerts with their fields"
release r1 52 | thaw pub -q
wait_for "the alert" logged ALERT_FIRING THAW_RULE=mass-release THAW_COUNTRY=BY THAW_ALERT=mass-release:BY:1 THAW_SEQ=1 PRIORITY=5
release r1b 60 BY | sed 's/"id"/"revises":"r1","id"/' | thaw pub -q
wait_for "its change, at a lower level" logged ALERT_UPDATED THAW_ALERT=mass-release:BY:1 PRIORITY=6
echo '{"id":"r2","kind":"retraction","country":"BY","source":"wire","retracts":"r1b"}' | thaw pub -q
wait_for "its withdrawal" logged ALERT_WITHDRAWN THAW_ALERT=mass-release:BY:1
must "the catalog explains it" eval "journalctl -x -u thawd THAW_ALERT=mass-release:BY:1 | grep -q 'thaw explain mass-release:BY:1'"

say "what was rejected"
release r1 53 | thaw pub -q 2>/dev/null && fail "a conflict was taken"
wait_for "the rejection" logged REJECTED THAW_SOURCE=wire THAW_EVENT=r1 THAW_CODE=conflict THAW_COUNTRY=BY PRIORITY=4
echo '{"id":"f1","kind":"feed","country":"ZZ","source":"list","producer":"importer","producer_seq":1,"state":"broken"}' | thaw pub -q
wait_for "a broken feed" logged FEED_BROKEN THAW_SOURCE=list THAW_PRODUCER=importer

say "no names of people"
cat >/tmp/people.jsonl <<'JSON'
{"id":"p1","kind":"release","country":"BY","source":"wire","occurred_at":"2025-12-13","count":1,"persons":[{"name":"Quintessa Name","ids":["x:quint"]}],"title":"Quintessa Name is free"}
{"id":"p1","kind":"release","country":"BY","source":"wire","occurred_at":"2025-12-14","count":1,"persons":[{"name":"Quintessa Name","ids":["x:quint"]}]}
JSON
thaw pub -q /tmp/people.jsonl 2>/dev/null && fail "a conflict was taken"
wait_for "an alert about a person" logged ALERT_FIRING THAW_RULE=person-free
equal "its id stays out of the journal" "$(entries ALERT_FIRING THAW_RULE=person-free THAW_ALERT=person-free:x:quint:1)" 0
journalctl --sync
! journalctl -u thawd -o export | grep -ai quint || fail "a name stands in the journal"
! property thawd StatusText | grep -i quint || fail "a name stands in the status"

say "the queries of the manual find something"
sed -n '/^\.SH EXAMPLES/,/^\.SH FILES/p' "$THAW_SOURCE/daemon/thawd.8" | sed 's/\\-/-/g' | grep '^journalctl' >/tmp/queries
[ "$(wc -l </tmp/queries)" -ge 8 ] || fail "the manual has too few queries: $(cat /tmp/queries)"
while read -r query; do
    [ "$($query --quiet --no-pager 2>&1 | wc -l)" -gt 0 ] || fail "found nothing: $query"
done </tmp/queries

say "a flood becomes a line with a count"
for i in $(seq 1 500); do release "r1" "$((1000 + i))"; done | thaw pub -q 2>/dev/null && fail "conflicts were taken"
wait_for "the summary" logged SUMMARY THAW_CODE=REJECTED
lines=$(entries REJECTED)
[ "$lines" -le 60 ] || fail "found $lines lines of rejections, expected at most 20 in 10 s"
contains "the count" "$(journalctl -o cat MESSAGE_ID="$(message_id SUMMARY)")" " more in 10 s of: "
[ "$(status_of counters rejected)" -ge 500 ] || fail "the counters are not complete"

say "nothing at error that needs no one"
equal "errors" "$(journalctl --quiet -u thawd -p err -o cat)" ""
say "passed"
