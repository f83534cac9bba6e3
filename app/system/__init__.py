"""Operating system services: files and folders, the log, the clock, processes, start-up."""
