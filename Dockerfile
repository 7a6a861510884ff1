# The service on a PostgreSQL of its own; how to run it: docs/operations.md, or compose.yaml.
# Where it is built for others, name the base by its digest: docker build --build-arg BASE=python:3.13-slim@sha256:...
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
COPY requirements requirements
# What is not the file that its hash names is not installed; what runs has no pip and no tool that builds.
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes -r requirements/build.txt \
 && python -m venv --without-pip /opt/frenemies \
 && python -m pip --python /opt/frenemies/bin/python install --require-hashes --only-binary :all: -r requirements/image.txt
COPY pyproject.toml README.md ./
COPY events events
COPY frenemies frenemies
COPY service service
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m pip --python /opt/frenemies/bin/python install --no-deps --no-index /wheels/*.whl \
 && /opt/frenemies/bin/python -m compileall -q -j 0 /opt/frenemies/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="frenemies" \
      org.opencontainers.image.description="An event-sourced timeline of what is claimed about companies" \
      org.opencontainers.image.licenses="Apache-2.0"
# The service has an environment of its own: what the base brings to install with is taken away.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
 && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin frenemies \
 && install --directory --owner=frenemies /ledger
COPY --from=build /opt/frenemies /opt/frenemies
# Nothing is written but to /tmp, for the bodies of imports, to memory (/dev/shm), and to the ledger of erasures.
ENV PATH=/opt/frenemies/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/tmp \
    FRENEMIES_HOST=0.0.0.0 \
    FRENEMIES_PORT=8000 \
    FRENEMIES_FEED_PORT=8001 \
    FRENEMIES_METRICS_PORT=9464
USER 10001:10001
EXPOSE 8000 8001 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-m", "service.serve.health"]
CMD ["frenemies", "serve"]
