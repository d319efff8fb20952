#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ar-ctl metrics, read by Prometheus' own parsers: OpenMetrics, and the older text that node_exporter takes."""
import math
import re

import harness

try:
    import prometheus_client.openmetrics.parser as openmetrics
    import prometheus_client.parser as older
except ImportError:
    openmetrics = older = None

PATTERN = ('--source', 'pattern:32x32@60', '--display', 'null', '--width', '0.25', '--threads', '1', '--budget', '20ms')
SAMPLE = re.compile(r'^(ar_daemon_\w+)(?:\{([^}]*)\})? (\S+)$')


class Metrics(harness.Case):
    def scrape(self, daemon):
        reply = daemon.ctl('metrics')
        self.assertEqual((reply.code, reply.err), (0, ''))
        return reply.out

    def samples(self, text):
        """{(name, labels): value}, by nothing but the form of the lines."""
        found = {}
        for line in text.splitlines():
            if line.startswith('#'):
                continue
            match = SAMPLE.match(line)
            self.assertIsNotNone(match, line)
            found[match.group(1), match.group(2)] = float(match.group(3))
        return found

    def test_they_are_the_status(self):
        with self.daemon(*PATTERN) as daemon:
            before = daemon.wait_painted(20)
            text = self.scrape(daemon)
            after = daemon.status()
        self.assertTrue(text.endswith('\n# EOF\n'))
        samples = self.samples(text)
        for name, key in {'frames_painted_total': 'painted', 'frames_captured_total': 'captured',
                          'deadlines_missed_total': 'missed'}.items():
            value = samples[f'ar_daemon_{name}', None]
            self.assertTrue(before[key] <= value <= after[key], (name, before[key], value, after[key]))
        shown = {labels: value for (name, labels), value in samples.items() if name == 'ar_daemon_frames_shown_total'}
        self.assertEqual(list(shown), ['number="0",display="null 32x32 at 60 fps"'])
        self.assertTrue(before['shown'] <= min(shown.values()) <= after['shown'])
        self.assertEqual(samples['ar_daemon_budget_seconds', None], 0.02)
        self.assertEqual(samples['ar_daemon_width', None], 0.25)
        self.assertEqual(samples['ar_daemon_source_flowing', None], 1)
        running = next(labels for name, labels in samples if name == 'ar_daemon_running')
        self.assert_words(['style="starry_night"', 'source="pattern 32x32 at 60 fps"'], running)

    def test_histograms(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(50)
            samples = self.samples(self.scrape(daemon))
        painted = samples['ar_daemon_frames_painted_total', None]
        for stage in ('wait', 'encode', 'decode', 'emit', 'paint'):
            buckets = [(float(re.search('le="([^"]+)"', labels).group(1)), value)
                       for (name, labels), value in samples.items()
                       if name == 'ar_daemon_stage_seconds_bucket' and f'stage="{stage}"' in labels]
            self.assertGreater(len(buckets), 10)
            self.assertEqual(buckets, sorted(buckets), stage)
            self.assertEqual(buckets[-1], (math.inf, painted), stage)
            self.assertEqual(samples['ar_daemon_stage_seconds_count', f'stage="{stage}"'], painted)
            self.assertGreater(samples['ar_daemon_stage_seconds_sum', f'stage="{stage}"'], 0, stage)

    def test_parsers(self):
        if not openmetrics:
            self.skipTest('no python3-prometheus-client')
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(10)
            text = self.scrape(daemon)
        families = {family.name: family for family in openmetrics.text_string_to_metric_families(text)}
        self.assertEqual(families['ar_daemon_frames_painted'].type, 'counter')
        self.assertEqual(families['ar_daemon_stage_seconds'].type, 'histogram')
        self.assertEqual({family.type for family in families.values()}, {'counter', 'gauge', 'histogram'})
        self.assertTrue(all(family.documentation for family in families.values()))
        names = {sample.name for family in older.text_string_to_metric_families(text) for sample in family.samples}
        self.assertLessEqual({'ar_daemon_frames_painted_total', 'ar_daemon_stage_seconds_bucket'}, names)


if __name__ == '__main__':
    harness.main()
