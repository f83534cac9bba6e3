"""Operating system services: files, folders, log, clock, processes, signals, start-up."""
