"""What holds for every test."""

from hypothesis import HealthCheck, settings

UNHURRIED = (HealthCheck.too_slow,)
"""How long an example takes says how busy the machine is."""

settings.register_profile(
    "steady", deadline=None, suppress_health_check=UNHURRIED, derandomize=True
)
settings.register_profile("search", deadline=None, suppress_health_check=UNHURRIED)
# The same examples in every run, so that a change is judged by what it changes. To look for new
# ones: make test ARGS="--hypothesis-profile=search".
settings.load_profile("steady")
