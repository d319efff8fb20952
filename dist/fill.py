#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Fills a template (man page, completion, unit) with what the programs take, as ar-tables prints it.
usage: fill.py TABLES TEMPLATE OUTPUT [NAME=VALUE ...]

@NAME@ in the template becomes the value, or one of the blocks that are made here from the tables. A name that nobody
knows is an error, and so is a key that is completed here and that ar-daemon no longer has.
"""
import json
import pathlib
import re
import sys

# What a placeholder of a usage, or the value of a key, is completed with. The shells know how to find each.
OF_ARGUMENT = {'NAME': 'styles', 'NAME|FILE': 'styles files', 'KEY': 'keys', 'KEY=VALUE': 'assignments', 'FILE': 'files', 'FILE.jpg': 'files',
               'CLIP': 'files', 'OUT': 'files', 'DEV': 'devices', 'CONNECTOR': 'connectors'}
# Words of a usage that are typed as they are, in capitals.
TYPED = {'READY', 'CAMERA', 'STYLE', 'STOPPED'}
OF_KEY = {'network.style': 'styles files', 'network.style_path': 'files', 'daemon.socket': 'files',
          'daemon.trace': 'files'}


# ---- roff

def roff(text):
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return '\\&' + text if text[:1] in ("'", '.') else text


def prose(text):
    return roff(text).replace('\\-', '-')


def is_replaced(word):
    return re.search('[A-Z]', word) and word not in TYPED


def font(word):
    return f"\\f{'I' if is_replaced(word) else 'B'}{roff(word)}\\fR"


def marked(usage):
    """A usage line: what is replaced in italics, what is typed in bold."""
    pieces = re.split(r'([\[\]|=,\s]+)', usage)
    return ''.join(font(piece) if i % 2 == 0 else roff(piece) for i, piece in enumerate(pieces) if piece)


def sentence(text):
    if re.match('[a-z]+ ', text):
        text = text[:1].upper() + text[1:]
    return prose(text) + '.'


def man_flags(tables):
    for flag in tables['flags']:
        value = ' ' + marked(flag['value']) if flag['value'] else ''
        key = f"\nShort for \\fB\\-\\-set {roff(flag['key'])}=\\fR\\fI{flag['value']}\\fR." if flag['key'] else ''
        yield f".TP\n\\fB\\-\\-{roff(flag['name'])}\\fR{value}\n{sentence(flag['help'])}{key}"


def man_commands(tables):
    for command in tables['commands']:
        usage = ' ' + marked(command['usage']) if command['usage'] else ''
        yield f".TP\n\\fB{roff(command['name'])}\\fR{usage}\n{sentence(command['help'])}"


def man_key(key):
    default = f"\\fB{roff(key['default'])}\\fR" if key['default'] else 'empty'
    return (f".TP\n\\fB{roff(key['key'])}\\fR = \\fI{roff(key['takes'])}\\fR\n{sentence(key['help'])}\n"
            f"Default: {default}. {APPLIES[key['apply']]}")


APPLIES = {'live': 'Live.', 'stage': 'Starts its stage anew: the picture stands still for a moment.',
           'restart': 'Applies when ar-daemon starts.'}


def man_keys(tables):
    for section in tables['sections']:
        yield f".SS [{section['name']}]"
        yield from map(man_key, section['keys'])
        if section['entries']:
            yield f".TP\n\\fINAME\\fR = \\fIVALUE\\fR\n{sentence(section['entries'])}"


# ---- shells

def words(usage):
    """The words that may be typed for a usage, then what completes its placeholders, each with an @ before it."""
    tokens = [token for token in re.split(r'[\[\]|\s]+', usage) if token]
    if 'KEY=VALUE' in tokens:
        tokens = [token for token in tokens if token != 'KEY']
    typed = [token for token in tokens if not is_replaced(token)]
    return typed + ['@' + kind for token in tokens for kind in OF_ARGUMENT.get(token, '').split()]


def forms(text):
    """Of a help such as "kms[:CONNECTOR], file:OUT or auto": each word, with what completes what follows its colon."""
    for form in re.split(r', | or ', text):
        match = re.fullmatch(r'([a-z0-9]+)(\[?):?([A-Z]\w*)?.*', form)
        if not match:
            continue
        word, optional, argument = match.groups()
        if optional or not argument:
            yield word
        if argument in OF_ARGUMENT:
            yield f'@{word}:{OF_ARGUMENT[argument]}'


def keys(tables):
    for section in tables['sections']:
        for key in section['keys']:
            yield f"{section['name']}.{key['key']}", key


def words_of_keys(tables):
    known = dict(keys(tables))
    missing = OF_KEY.keys() - known.keys()
    if missing:
        sys.exit(f'fill.py: no such key: {", ".join(sorted(missing))}')
    with_forms = {flag['key']: flag['help'] for flag in tables['flags'] if re.search(r'\b[a-z0-9]+\[?:[A-Z]', flag['help'])}
    for name, key in known.items():
        special = ['@' + kind for kind in OF_KEY.get(name, '').split()]
        found = key['words'] + special + list(forms(with_forms.get(name, '')))
        if found:
            yield name, found


def sh_case(pairs):
    return '\n'.join(f"    {name}) printf '%s\\n' {' '.join(found)} ;;" for name, found in pairs)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def described(pairs):
    return '\n'.join('    ' + quoted(f'{name}:{text}') for name, text in pairs)


def fish_case(pairs):
    return '\n'.join(f"        case {name}\n            printf '%s\\n' {' '.join(found)}" for name, found in pairs)


def fish_flag(flag):
    takes = '--no-files'
    if flag['key']:
        takes = f"--exclusive --arguments '(__ar_value {flag['key']})'"
    elif flag['value']:
        takes = '--require-parameter --force-files'
    if flag['value'] == 'KEY=VALUE':
        takes = "--exclusive --arguments '(__ar_assignments (commandline --current-token))'"
    return f"complete --command ar-daemon --long-option {flag['name']} {takes} --description {fish_quoted(flag['help'])}"


def fish_quoted(text):
    return "'" + text.replace('\\', '\\\\').replace("'", "\\'") + "'"


def fish_command(command):
    return (f"complete --command ar-ctl --condition 'not __ar_ctl_command' --arguments {command['name']} "
            f"--description {fish_quoted(command['help'])}")


def blocks(tables):
    flags = [('--' + flag['name'], flag['help']) for flag in tables['flags']]
    commands = [(command['name'], command['help']) for command in tables['commands']]
    options = [(name, key['help']) for name, key in keys(tables)]
    of_flags = [('--' + flag['name'], [flag['key'] or '@' + OF_ARGUMENT[flag['value']]])
                for flag in tables['flags'] if flag['value']]
    of_commands = [(command['name'], found) for command in tables['commands'] if (found := words(command['usage']))]
    of_keys = list(words_of_keys(tables))
    return {
        'version': tables['version'],
        'man_flags': '\n'.join(man_flags(tables)),
        'man_commands': '\n'.join(man_commands(tables)),
        'man_keys': '\n'.join(man_keys(tables)),
        'flags': described(flags), 'commands': described(commands), 'keys': described(options),
        'sh_flags': sh_case(of_flags), 'sh_commands': sh_case(of_commands), 'sh_keys': sh_case(of_keys),
        'fish_daemon': '\n'.join(map(fish_flag, tables['flags'])),
        'fish_ctl': '\n'.join(map(fish_command, tables['commands'])),
        'fish_key_names': ' \\\n'.join('        ' + name for name, _ in options),
        'fish_commands': fish_case(of_commands), 'fish_keys': fish_case(of_keys),
    }


def fill(template, values):
    """Its text, with the files that it includes, which lie beside it."""
    text = re.sub(r'^@include (\S+)@$', lambda match: template.with_name(match[1]).read_text().rstrip('\n'),
                  template.read_text(), flags=re.MULTILINE)
    unknown = set(re.findall(r'@(\w+)@', text)) - values.keys()
    if unknown:
        sys.exit(f'fill.py: the template wants {", ".join(sorted(unknown))}')
    return re.sub(r'@(\w+)@', lambda match: values[match[1]], text)


def main():
    tables, template, output, *values = sys.argv[1:]
    known = blocks(json.loads(pathlib.Path(tables).read_text()))
    known.update(value.split('=', 1) for value in values)
    pathlib.Path(output).write_text(fill(pathlib.Path(template), known))


if __name__ == '__main__':
    main()
