"""The model behind TorchServe: its archive, its handler, its process and its keys.

The handler and what it imports run inside TorchServe's workers, from folders inside the archive;
the rest runs outside. The adapter that calls it is `serving.adapters.torchserve`.
"""
