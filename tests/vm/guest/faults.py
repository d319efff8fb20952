# SPDX-License-Identifier: MIT
"""The guest's half of faults: one error after another from the camera's driver, and what becomes of the pictures."""
import subprocess

import guest
import observe

# What goes wrong: the driver's controls that make it so, and those that make it good again.
FAULTS = {
    'a picture with errors': (['inject_v4l2_buf_flag_error=1'], []),
    'QBUF refused': (['inject_vidioc_qbuf_error=1'], []),
    'every second picture lost': (['percentage_of_dropped_buffers=50'], ['percentage_of_dropped_buffers=0']),
    'pictures half drawn': (['fill_percentage_of_frame=50'], ['fill_percentage_of_frame=100']),
    'streaming breaks': (['inject_fatal_streaming_error=1'], []),
    'streaming breaks, QBUF refused': (['inject_vidioc_qbuf_error=1', 'inject_fatal_streaming_error=1'], []),
    'streaming breaks, STREAMON refused': (['inject_vidioc_streamon_error=1', 'inject_fatal_streaming_error=1'], []),
    'time stamps jump and wrap': (['wrap_timestamp=2', 'inject_fatal_streaming_error=1'], ['wrap_timestamp=0']),
    'picture numbers wrap': (['wrap_sequence_number=1', 'inject_fatal_streaming_error=1'], ['wrap_sequence_number=0']),
    'camera gone': (['disconnect=1'], []),
    'camera gone, REQBUFS refused': (['inject_vidioc_reqbufs_error=1', 'disconnect=1'], []),
    'camera gone, STREAMON refused': (['inject_vidioc_streamon_error=1', 'disconnect=1'], []),
}
# Some show only after a while: numbers wrap after 128 pictures.
PICTURES = {'picture numbers wrap': 150}
PICTURES_MIN = 15

# An HDMI input, which scales nothing; what is plugged into it changes.
HDMI = ('vivid', 'n_devs=1', 'node_types=0x1', 'num_inputs=1', 'input_types=0x3', 'num_outputs=0', 'vid_cap_nr=0', 'ccs_cap_mode=0')
SELECTED, NO_SIGNAL = 'dv_timings_signal_mode=4', 'dv_timings_signal_mode=1'
SIZE_640_480, SIZE_720_480 = 'dv_timings=0', 'dv_timings=2'
INPUTS = {
    'its input gets another size': [SIZE_720_480],
    'its input loses its signal': [NO_SIGNAL],
    'its input has a signal again': [SELECTED, SIZE_640_480],
}


def meet(daemon, controls, n_pictures):
    """The driver's controls are set by a program, which takes its time."""
    injectors = []

    def make():
        injectors.append(subprocess.Popen(guest.control_words(*controls), stdin=subprocess.DEVNULL))

    def until(watch):
        watch.until(lambda _: injectors[0].poll() is not None, 'the fault')
        watch.more_pictures(n_pictures)

    row = observe.pass_by(daemon, make, until)
    if injectors[0].returncode != 0:
        raise AssertionError(f'{controls}: v4l2-ctl ended with {injectors[0].returncode}')
    return row


def webcam():
    guest.load_camera()
    guest.set_controls('timestamp_source=1')  # stamps are in the past, as a camera's are
    rows = {}
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(5)
        for name, (bad, good) in FAULTS.items():
            rows[name] = meet(daemon, bad, PICTURES.get(name, PICTURES_MIN))
            if good:
                guest.set_controls(*good)
    return {'rows': rows, 'pid': daemon.process.pid, 'code': daemon.code}


def hdmi():
    guest.change_camera(*HDMI)
    guest.set_controls(SELECTED, SIZE_640_480)
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(5)
        rows = {name: meet(daemon, controls, PICTURES_MIN) for name, controls in INPUTS.items()}
    return {'rows': rows, 'pid': daemon.process.pid, 'code': daemon.code, 'log': daemon.log_path.read_text()}


def case(_host):
    guest.load_screen()
    found = {'webcam': webcam(), 'hdmi': hdmi()}
    return {'rows': {**found['webcam']['rows'], **found['hdmi']['rows']}, **found}


guest.run(case)
