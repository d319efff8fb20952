# SPDX-License-Identifier: MIT
"""What a comparison found, as objects and as a table."""
import statistics

from peer_ours import Engine

OURS = Engine.NAME
HEADINGS = {
    'exact': 'the graph as exported: borders repeat the edge, instance norm by a frame\'s own '
             'statistics',
    'folded': 'the graph with instance norm folded into constants, which costs them less',
    'lean': 'the graph with instance norm folded into constants and borders of zeros, both of '
            'which cost them less',
}


def results(comparison):
    """All of it."""
    return {'rows': rows(comparison), 'engines': comparison.names,
            'missing': comparison.missing}


def rows(comparison):
    """One object for each contest."""
    return [row(contest, comparison.options) for contest in comparison.contests]


def row(contest, options):
    """Times of all engines, and the best peer's by this engine's."""
    times = {column: {'min_ms': min(spent_ns) / 1e6,
                      'median_ms': statistics.median(spent_ns) / 1e6}
             for column, spent_ns in contest.spent_ns.items()}
    peers = [column for column in times if column != OURS]
    return {'precision': contest.precision, 'width': contest.width, 'threads': options.threads,
            'size': '{}x{}'.format(*options.size), 'variant': contest.variant,
            'frames': options.frames, 'mmac': contest.mmac, 'engines': times,
            'best_peer': min(peers, key=lambda column: times[column]['min_ms'], default=None),
            'ratio_min': ratio(times, peers, 'min_ms'),
            'ratio_median': ratio(times, peers, 'median_ms')}


def ratio(times, peers, key):
    """How many times as long the best peer takes as this engine; None without one of them."""
    if OURS not in times or not peers:
        return None
    return min(times[column][key] for column in peers) / times[OURS][key]


def table(found, columns):
    """Rows as lines of text."""
    def cell(times):
        return '{min_ms:.2f} / {median_ms:.2f}'.format(**times) if times else '-'

    def quotient(value):
        return '-' if value is None else f'{value:.2f}'

    cells = [['precision', 'width', 'MMAC', 'graph', *columns, 'best peer', 'ratio: min', 'median']]
    for entry in found:
        cells.append([entry['precision'], f'{entry["width"]:g}', f'{entry["mmac"]:.0f}',
                      entry['variant'], *(cell(entry['engines'].get(column)) for column in columns),
                      entry['best_peer'] or '-', quotient(entry['ratio_min']),
                      quotient(entry['ratio_median'])])
    widths = [max(map(len, column)) for column in zip(*cells)]
    return ['  '.join(text.rjust(width) for text, width in zip(line, widths)) for line in cells]


def report(comparison):
    """Prints it for people."""
    options = comparison.options
    found = rows(comparison)
    columns = [column for column in comparison.names
               if any(column in entry['engines'] for entry in found)]
    print('style {}, {}x{}, threads: {}, ms: least / median of {}'.format(
        options.style.stem, *options.size, options.threads, options.frames))
    print(f'{OURS} runs what it ships: borders repeat the edge, running statistics')
    for variant in options.variants:
        print(f'{variant}: others run {HEADINGS[variant]}')
    print('', *table(found, columns), '', sep='\n')
    print(f'ratio: how many times as long the best peer takes as {OURS}')
    print('engines:', ', '.join(comparison.names[column] for column in columns))
    print('off PyTorch in float32, levels of 255, largest and mean:')
    for column, precision in sorted({(x.column, x.precision) for x in comparison.differences}):
        both = [x for x in comparison.differences
                if (x.column, x.precision) == (column, precision)]
        print(f'  {column} {precision}: {max(x.largest for x in both):.3f}, '
              f'{max(x.mean for x in both):.4f}')
    for line in comparison.missing:
        print(f'MISSING: {line}')
