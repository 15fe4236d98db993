"""What runs inside the processes of a plot script: it writes down what they touch, and keeps figures safe.

Nothing in here needs more than the standard library, or imports the rest of the package: a script may start
another Python that knows neither (see :mod:`exptdir.figures.inside.site.sitecustomize`).
"""
