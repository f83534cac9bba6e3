"""The lifter: skeleton, MixSTE network, weights, and sequence-to-sequence use.

Depends on torch, numpy and safetensors only; nothing here knows about cameras, windows or files of
the user's.  ``app`` imports ``models``, never the other way round.
"""
