#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may do what on the control socket, and what many clients, or bad ones, do to the picture: nothing."""
import contextlib
import json
import os
import resource
import select
import shutil
import time

import harness
from harness import receive_line, request

PATTERN = ('--source', 'pattern:32x32@30', '--display', 'null', '--width', '0.25', '--threads', '1')
NOBODY = 65534
N_CLIENTS = 50
REQUESTS_PER_S = 20   # of each client: a thousand together
HAMMER_S = 5
WAIT_S = 1.0
KEPT_SHARE = harness.by_speed(0.95, 0.5, 0.5)  # of requests and pictures; a busy machine does much to a sanitizer's pace
IDLE_SHARE = 0.05  # of a processor, by the control thread: a hundred looks a second are far less
READS = (['status'], ['style'], ['budget'], ['metrics'], ['trace'])
CHANGES = (['style', 'next'], ['budget', '30ms'], ['set', 'daemon.log', 'info'], ['calibrate'], ['stop'])


class Rights(harness.Case):
    """Another user's clients, where the socket's mode lets them in at all. Only root can play other users."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest('only root can be somebody else')
        self.folder.chmod(0o755)
        self.ctl_copy = shutil.copy(harness.CTL, self.folder)  # the build folder may be closed to other users

    def ctl_as(self, user, groups, daemon, *args):
        return harness.run_program(self.ctl_copy, '--socket', daemon.socket_path, *args, folder='/', user=user,
                                   group=groups[0], extra_groups=groups[1:])

    def assert_only_looks(self, user, groups, daemon):
        for args in READS:
            self.assertEqual(self.ctl_as(user, groups, daemon, *args).code, 0, args)
        for args in CHANGES:
            reply = self.ctl_as(user, groups, daemon, *args)
            self.assertEqual((reply.code, reply.out), (os.EX_NOPERM, ''), (args, reply))
            self.assert_words([args[0], f'user {user}', 'may only look'], reply.err)

    def test_others_only_look(self):
        with self.daemon(*PATTERN) as daemon:
            before = daemon.wait_running()
            if self.ctl_as(NOBODY, [NOBODY], daemon, '--version').code != 0:
                self.skipTest('another user cannot run this ar-ctl')
            self.assertEqual(self.ctl_as(NOBODY, [NOBODY], daemon, 'status').code, os.EX_NOPERM)  # mode 0660
            daemon.socket_path.chmod(0o666)
            self.assert_only_looks(NOBODY, [NOBODY], daemon)
            after = daemon.status()
            self.assertEqual((before['style'], before['budget_us']), (after['style'], after['budget_us']))
            # Events are for all who may look.
            self.assertEqual(self.ctl_as(NOBODY, [NOBODY], daemon, 'wait', 'READY', '--timeout', '10s').code, 0)

    def test_others_do_not_keep_out_who_may_do_more(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_running()
            daemon.socket_path.chmod(0o666)
            clients = []
            try:
                with as_nobody():
                    clients += [daemon.connect() for _ in range(120)]
                self.assertEqual(sum(self.is_served(client) for client in clients), 50)
                self.assertEqual(daemon.ctl('budget', '30ms').code, 0)
            finally:
                for client in clients:
                    client.close()

    def is_served(self, client):
        try:
            client.sendall(request('style'))
            return receive_line(client)['ok']
        except (BrokenPipeError, ConnectionResetError):
            return False

    def test_the_socket_s_group_may_change(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_running()
            if self.ctl_as(NOBODY, [NOBODY], daemon, '--version').code != 0:
                self.skipTest('another user cannot run this ar-ctl')
            os.chown(daemon.socket_path, -1, 4242)
            for groups in ([4242], [NOBODY, 4242], [NOBODY, 17, 4242, 9]):
                reply = self.ctl_as(NOBODY, groups, daemon, 'budget', '30ms')
                self.assertEqual((reply.code, reply.err), (0, ''), groups)
            daemon.socket_path.chmod(0o666)
            self.assert_only_looks(NOBODY, [NOBODY, 4243], daemon)

    def test_another_file_in_the_socket_s_place_gives_no_rights(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_running()
            if self.ctl_as(NOBODY, [NOBODY], daemon, '--version').code != 0:
                self.skipTest('another user cannot run this ar-ctl')
            daemon.socket_path.chmod(0o666)
            moved = self.folder / 'moved.sock'
            daemon.socket_path.rename(moved)
            daemon.socket_path.touch()
            os.chown(daemon.socket_path, NOBODY, NOBODY)
            reply = harness.run_program(self.ctl_copy, '--socket', moved, 'budget', '30ms', folder='/', user=NOBODY,
                                        group=NOBODY, extra_groups=[])
            self.assertEqual(reply.code, os.EX_NOPERM, reply)


class Limits(harness.Case):
    @harness.survives('a client that asks too fast', 'answered, but no faster than it may ask')
    def test_a_client_that_asks_too_fast_waits(self):
        """Nothing is refused: it is not read, and so answered no faster than it may ask."""
        n = 300
        with self.daemon(*PATTERN) as daemon, connected(daemon) as client:
            client.settimeout(harness.FINISH_S)
            started = time.monotonic()
            client.setblocking(False)
            to_send = request('style') * n
            received = b''
            while received.count(b'\n') < n:
                readable, writable, _ = select.select([client], [client] if to_send else [], [], harness.FINISH_S)
                self.assertTrue(readable or writable, 'no answers any more')
                if writable:
                    to_send = to_send[client.send(to_send):]
                if readable:
                    received += client.recv(65536)
            seconds = time.monotonic() - started
        self.assertTrue(all(json.loads(line)['ok'] for line in received.splitlines()))
        self.assertGreater(seconds, (n - 100) / 100 * 0.9)  # a burst of 100, then 100 a second

    def test_a_user_s_clients_share_what_they_may_ask(self):
        """More connections, at once or one after the other, are answered no faster together."""
        n, n_each = 3000, 100  # what each may ask at once
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_running()
            for at_once in (True, False):
                with self.subTest(at_once=at_once):
                    time.sleep(1.1)  # a rest
                    started = time.monotonic()
                    for clients in ([n // n_each] if at_once else [1] * (n // n_each)):
                        self.ask_all(daemon, clients, n_each)
                    self.assertGreater(time.monotonic() - started, (n - 1000) / 1000 * 0.9)

    def ask_all(self, daemon, n_clients, n_each):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(daemon.connect()) for _ in range(n_clients)]
            for client in clients:
                client.sendall(request('budget') * n_each)
            for client in clients:
                received = b''
                while received.count(b'\n') < n_each:
                    received += client.recv(65536)
                self.assertTrue(all(json.loads(line)['ok'] for line in received.splitlines()))

    def test_no_descriptor_left(self):
        """Whoever calls then waits until there is one, and costs nothing meanwhile."""
        with self.daemon(*PATTERN) as daemon, connected(daemon) as first:
            first.sendall(request('style'))
            receive_line(first)
            soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (first_free(daemon.pid), hard))
            with daemon.connect() as second:
                second.sendall(request('style'))
                self.assertEqual(select.select([second], [], [], 0.2), ([], [], []))
                used_s = control_s(daemon.pid)
                time.sleep(WAIT_S)
                used_s = control_s(daemon.pid) - used_s
                first.sendall(request('style'))
                self.assertTrue(receive_line(first)['ok'])
                resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))
                self.assertTrue(receive_line(second)['ok'])
            print(f'control thread: {used_s / WAIT_S:.2f} of a processor', flush=True)
            self.assertLess(used_s / WAIT_S, IDLE_SHARE * harness.SLOW)
            self.assertEqual(daemon.log().count('no new client can be taken: Too many open files'), 1)

    @harness.survives('a client that sends a hundred megabytes without a line', 'told so, and closed')
    def test_a_hundred_megabytes_without_a_line(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_running()
            memory = resident_kb(daemon.pid)
            with daemon.connect() as client:
                block = b'x' * 1_000_000
                try:
                    for _ in range(100):
                        client.sendall(block)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.assertIn('4096', receive_line(client)['error'])
            daemon.wait_painted(3)
            self.assertLess(resident_kb(daemon.pid) - memory, 1000)

    @harness.survives('a client that sends bad UTF-8, zeros, JSON in 4000 brackets', 'answered `malformed`', 9)
    def test_what_is_no_text(self):
        bad = (b'{"protocol":1,"command":"style","args":["\xff\xfe"]}',  # no UTF-8
               b'{"protocol":1,"command":"style","args":["\xc0\xaf"]}',  # overlong
               b'{"protocol":1,"command":"style","args":["\xed\xa0\x80"]}',  # half a pair
               b'{"protocol":1,"command":"style","args":["a\\u0000b"]}',
               b'{"protocol":1,"command":"sty\\u0000le"}', b'\x00' * 50,
               b'[' * 4000, b'{"args":' * 500, b'{"a":[' * 600)
        with self.daemon(*PATTERN) as daemon, connected(daemon) as client:
            for line in bad:
                client.sendall(line + b'\n')
                reply = receive_line(client)
                self.assertEqual((reply['ok'], reply['code']), (False, 'malformed'), line)
            client.sendall(request('style'))
            self.assertTrue(receive_line(client)['ok'])

    def test_codes(self):
        with self.daemon(*PATTERN) as daemon, connected(daemon) as client:
            for line, code in ((request('dance'), 'unknown'), (request('style', protocol=2), 'protocol'),
                               (request('stop', 'now'), 'usage'), (request('style', 'mona_lisa'), 'refused')):
                client.sendall(line)
                self.assertEqual(receive_line(client)['code'], code)

    @harness.survives('clients that leave in the middle of a request', 'as before; nothing is left of them', 300)
    def test_clients_leave_nothing_behind(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_running()
            before = len(settled(daemon.pid))
            for n in range(300):
                with daemon.connect() as client:
                    client.sendall(request('status')[:n % 40] if n % 2 else request('events'))
            end = time.monotonic() + harness.REPLY_S
            while n_descriptors(daemon.pid) > before and time.monotonic() < end:
                time.sleep(harness.POLL_S)
            # `before` may have counted the connection of the ar-ctl that had just asked.
            self.assertLessEqual(n_descriptors(daemon.pid), before)


def settled(pid):
    """Its descriptors once earlier clients are gone."""
    before, now = None, descriptors(pid)
    while before != now:
        time.sleep(0.1 * harness.SLOW)
        before, now = now, descriptors(pid)
    return now


def first_free(pid):
    """The lowest number that no descriptor has."""
    used = settled(pid)
    return next(number for number in range(len(used) + 1) if number not in used)


def control_s(pid):
    """What the control thread has used of a processor."""
    with open(f'/proc/{pid}/task/{pid}/stat') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


@contextlib.contextmanager
def as_nobody():
    """Another user's, and no group of ours, as the kernel notes it of a connection."""
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def connected(daemon):
    daemon.wait_running()
    return daemon.connect()


def resident_kb(pid):
    with open(f'/proc/{pid}/status') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('VmRSS'))


def descriptors(pid):
    return {int(name) for name in os.listdir(f'/proc/{pid}/fd')}


def n_descriptors(pid):
    return len(descriptors(pid))


class Many(harness.Case):
    """Fifty clients, a thousand requests a second together, while pictures are painted."""

    def rates(self, daemon, seconds, clients):
        """What the daemon did in that time: requests answered, frames painted, deadlines missed."""
        lines = [request('status'), request('style'), request('budget'), request('metrics')]
        start = daemon.status()
        answered = sent = 0
        started = time.monotonic()
        while time.monotonic() < started + seconds:
            due = int((time.monotonic() - started) * REQUESTS_PER_S * len(clients))
            for number in range(sent, due):
                clients[number % len(clients)].sendall(lines[number % len(lines)])
            sent = max(sent, due)
            readable, _, _ = select.select(clients, [], [], 0.005)
            answered += sum(client.recv(65536).count(b'\n') for client in readable)
        while answered < sent:
            readable, _, _ = select.select(clients, [], [], harness.REPLY_S)
            self.assertTrue(readable, f'{answered} of {sent} are answered')
            answered += sum(client.recv(65536).count(b'\n') for client in readable)
        end = daemon.status()
        painted = end['painted'] - start['painted']
        missed = end['missed'] - start['missed'] + end['degraded'] - start['degraded']
        return answered / seconds, painted, missed

    @harness.survives('fifty clients, a thousand requests a second', 'answered; as many frames in budget as without')
    def test_frames_stay_in_budget(self):
        with self.daemon('--source', 'pattern:160x120@30', '--display', 'null', '--threads', '1', '--budget', '25ms') as daemon:
            daemon.wait_painted(30)
            clients = [daemon.connect() for _ in range(N_CLIENTS)]
            try:
                _, quiet_painted, quiet_missed = self.rates(daemon, HAMMER_S, [])
                rate, painted, missed = self.rates(daemon, HAMMER_S, clients)
            finally:
                for client in clients:
                    client.close()
        quiet_share, share = quiet_missed / quiet_painted, missed / painted
        print(f'{N_CLIENTS} clients, {rate:.0f} requests a second: {missed} of {painted} frames missed; '
              f'without them {quiet_missed} of {quiet_painted}', flush=True)
        self.assertGreater(rate, KEPT_SHARE * N_CLIENTS * REQUESTS_PER_S)
        self.assertGreater(painted, KEPT_SHARE * quiet_painted)
        if harness.SLOW < 2:  # a sanitizer makes most frames late, with clients or without
            # A machine that others use misses some either way.
            self.assertLessEqual(share, quiet_share + 0.03)


if __name__ == '__main__':
    harness.main()
