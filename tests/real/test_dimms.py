#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""The memory module of each bad page, against dmidecode in the guest on the same tables."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import hwp
import peers

ROW = '73-dimms'


def structures(text):
    """{handle: {field: value}} of each that dmidecode prints."""
    found = {}
    for block in re.split(r'\n\n+', text):
        head = re.search(r'^Handle (0x[0-9A-F]+), DMI type (\d+)', block, re.M)
        if head:
            found[head[1]] = {'type': head[2], **dict(re.findall(r'^\t([^:\t]+): *(.*)$', block, re.M))}
    return found


def number(text):
    """An address, as dmidecode prints those of a range."""
    return int(text, 16)


def is_at(structure, address):
    return number(structure['Starting Address']) <= address <= number(structure['Ending Address'])


def name_of(device):
    locator, bank = (device[key].strip() for key in ('Locator', 'Bank Locator'))
    return f'{locator}, {bank}'


def module_at(found, address):
    """The one device that can have the address, None where more can."""
    devices = {handle: s for handle, s in found.items()
               if s['type'] == '17' and s['Size'] != 'No Module Installed'}
    ranges = [s for s in found.values() if s['type'] == '20' and is_at(s, address)]
    if ranges:
        if len(ranges) > 1 or 'Interleave Position' in ranges[0]:
            return None
        return name_of(devices[ranges[0]['Physical Device Handle']])
    arrays = [s['Physical Array Handle'] for s in found.values()
              if s['type'] == '19' and is_at(s, address)]
    there = [s for s in devices.values() if s['Array Handle'] in arrays]
    return name_of(there[0]) if len(there) == 1 else None


def compare(directory):
    found = structures((directory / 'dmidecode.txt').read_text())
    report = hwp.Run('check', '--json', directory / 'vmcore.elf').json()
    wrong, names = [], set()
    for page in report['poisoned']:
        want, said = module_at(found, int(page['phys'], 16)), page['module']
        names.add(want)
        if said != (want and {'name': want, 'source': 'smbios'}):
            wrong.append(f"{page['phys']}: {said}, and dmidecode has {want}")
    # The guest has bad pages in a module alone, in another, and where nobody can know.
    if len(names) < 3 or None not in names:
        wrong.append(f'the pages are in {names}')
    return wrong


def main():
    cases = hwp.Cases()
    directory, why = peers.dump_of_row(ROW)
    cases.report(ROW, [why] if why else compare(directory))
    cases.exit()


if __name__ == '__main__':
    main()
