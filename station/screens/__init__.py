"""The screens of the floor: `working` is the only one that scans are shown on."""
