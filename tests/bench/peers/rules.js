// json-rules-engine with the rules of `ruleset.py sums R`, one engine.run for each event. It keeps
// no windows: the sums are kept here and handed in as facts, as its users must do.
//
//   node rules.js R FILE        FILE: from bench_dump; NODE_PATH names the folder of the package
const { Engine } = require('json-rules-engine');
const fs = require('fs');
const [sets, file] = [Number(process.argv[2]), process.argv[3]];
const WINDOW = 14 * 86400;
const engine = new Engine([], { allowUndefinedFacts: true });
const letters = (k) => String.fromCharCode(65 + Math.floor((k % 200) / 26), 65 + ((k % 200) % 26));
for (let k = 0; k < sets; k++) {
  const threshold = 700 + 200 * Math.floor(k / 200);
  engine.addRule({
    conditions: { all: [
      { fact: 'kind', operator: 'equal', value: 'release' }, { fact: 'country', operator: 'equal', value: letters(k) },
      { fact: 'before', operator: 'lessThan', value: threshold },
      { fact: 'after', operator: 'greaterThanInclusive', value: threshold }] },
    event: { type: 'reached' } });
}
const lines = fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => line.split(' '));
const windows = new Map();
(async () => {
  let fired = 0;
  const start = process.cpuUsage();
  for (const [now, at, country, kind, , count] of lines) {
    let w = windows.get(country);
    if (!w) windows.set(country, w = { queue: [], sum: 0 });
    // What comes may be a little out of order: everything is looked at.
    w.queue = w.queue.filter(([then, n]) => then > now - WINDOW || ((w.sum -= n), false));
    const before = w.sum;
    if (kind === 'release') {
      w.queue.push([Number(at), Number(count)]);
      w.sum += Number(count);
    }
    fired += (await engine.run({ kind, country, before, after: w.sum })).events.length;
  }
  const used = process.cpuUsage(start);
  console.log(`ns ${((used.user + used.system) * 1000) / lines.length}\nfired ${fired}`);
})();
