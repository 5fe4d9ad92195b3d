"""trueline against its peers: is the answer right at the defaults, and how far is each from the limit?

``make bench`` runs everything in an environment of its own and rewrites `results.md` and its two pictures;
``make bench ARGS=--quick`` takes less than two minutes. Only ratios within one run mean anything.

The lock beside this file holds the runtime lock of trueline plus the peers in `requirements.in`::

    uv pip compile pyproject.toml benchmarks/requirements.in --extra plot --group setup --universal \
      --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-annotate \
      --constraint requirements.lock --output-file benchmarks/requirements.lock
"""
