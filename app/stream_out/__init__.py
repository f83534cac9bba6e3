"""Poses sent to other programs while they are made: by OSC in the VMC protocol, and by LSL.

Off unless asked for, and to this computer alone unless another address is typed in.  A
:class:`~app.stream_out.sender.Sender` takes poses from a live run and has a thread of its own, so
that whoever receives them, slowly or not at all, delays nothing.  Nothing here imports Qt.
"""
