"""Live output of poses to other programs: by OSC in the VMC protocol, and by LSL.

It is off by default, and sends to this computer alone unless another address is given.  A
:class:`~app.stream_out.sender.Sender` receives poses from a live run and sends them in a thread of
its own, so that a slow or absent receiver delays nothing.  Nothing here imports Qt.
"""
