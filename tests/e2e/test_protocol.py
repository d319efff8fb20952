#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doc/PROTOCOL.md, held against a running daemon: nothing is answered that is not in it, and nothing is in it that is not so."""
import re

import harness
import protocol
from harness import receive_line, request

# Each command in each of its forms; what ends the daemon comes last.
EXAMPLES = (
    ['style'], ['style', 'scream'], ['budget'], ['budget', '50ms'], ['budget', 'explain'], ['calibrate', '--watts', '2,6'],
    ['trace'], ['events'], ['metrics'], ['get', 'budget'], ['set', 'decoder.calm', '0.5'], ['set', 'capture.flip', 'horizontal'],
    ['save'], ['snapshot', '{folder}/one.jpg'], ['record', 'start', '{folder}/one.y4m'], ['record', 'stop'],
    ['reload'], ['pause'], ['resume'], ['stop'],
)
STAGES = ('wait', 'encode', 'decode', 'emit', 'paint', 'present', 'latency')


def flat(value, path=''):
    """The names of all fields, as the document writes them."""
    if isinstance(value, list):
        return set().union(*(flat(item, f'{path}[]') for item in value))
    if not isinstance(value, dict):
        return {path}
    return set().union(*(flat(item, f'{path}.{name}' if path else name) for name, item in value.items()))


class Protocol(harness.Case):
    def start(self):
        configuration = self.folder / 'test.conf'
        configuration.write_text('[budget]\nwidth = 0.25\n')
        return self.daemon('--config', configuration, '--source', 'pattern:32x32@30', '--display', 'null', '--threads', '1')

    def ask(self, daemon, *words):
        with daemon.connect() as client:
            client.sendall(request(*(word.format(folder=self.folder) for word in words)))
            return receive_line(client)

    def check(self, daemon, words, kinds):
        """Which kind of result this command has."""
        before = daemon.status()
        reply = self.ask(daemon, *words)
        self.assertTrue(reply['ok'], reply)
        if 'restart' in reply['result']:
            daemon.wait_until(lambda status: status['restarts'] >= reply['result']['restart'], 'started anew')
        if words[0] == 'calibrate':
            daemon.wait_until(lambda status: status['calibrations'] > before['calibrations'], 'measured')
        for kind in kinds:
            if kind.fit(reply['result']):
                return kind
        self.fail(f'the result has {sorted(reply["result"])}')

    def test_commands(self):
        known = protocol.commands()
        left = {name: list(kinds) for name, kinds in known.items()}
        with self.start() as daemon:
            daemon.wait_painted(3)
            for words in EXAMPLES:
                with self.subTest(words=words):
                    kind = self.check(daemon, words, left[words[0]] + known[words[0]])
                    if kind in left[words[0]]:
                        left[words[0]].remove(kind)
            self.assertEqual(daemon.wait(), 0)
        self.assertEqual([name for name, kinds in left.items() if kinds], [], 'not tried, or not so')

    def test_all_commands_are_there(self):
        """Those of ar-ctl's own are unknown to the daemon."""
        told = harness.run_program(harness.CTL, '--help', folder=self.folder).out
        known = protocol.commands()
        n_local = 0
        with self.start() as daemon:
            daemon.wait_running()
            for name in re.findall(r'(?m)^  ([a-z]+) ', told):
                if name not in known:
                    n_local += 1
                    self.assertEqual(self.ask(daemon, name)['code'], 'unknown', name)
                    self.assertIn(f'`{name}`', protocol.DOCUMENT.read_text())
        self.assertGreater(n_local, 2)

    def test_status(self):
        with self.start() as daemon:
            status = daemon.wait_painted(3)
        self.assertEqual(set(status['stages']), set(STAGES))
        status['stages'] = {'NAME': status['stages']['paint']}
        self.assertEqual(flat(status), protocol.status())


class Sources(harness.Case):
    """What no daemon can be brought to in a test: the words that stand in the source."""

    def words(self, pattern):
        text = ''.join(path.read_text() for path in (harness.TREE / 'daemon').glob('**/*.c'))
        return set(re.findall(pattern, text))

    def test_events(self):
        found = self.words(r'"event",\s*"(\w+)"') | self.words(r'\btell\(recorder, "(\w+)"')
        self.assertGreater(len(found), 10)
        self.assertEqual(found, set(protocol.events()))

    def test_states(self):
        self.assertEqual(self.words(r'\[AR_PIPELINE_[A-Z]+\] = "(\w+)"'), protocol.states())

    def test_codes(self):
        codes = set().union(*(protocol.names(cells[0]) for cells in protocol.rows('Replies') if len(cells) == 3 and cells[1] != 'why'))
        self.assertEqual(self.words(r'\[AR_WIRE_[A-Z_]+\] = "(\w+)"') - {'ok'}, codes)


if __name__ == '__main__':
    harness.main()
