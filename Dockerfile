# The service on an external PostgreSQL: docker run -e DATABASE_URL=... -e FRENEMIES_ADMIN_KEY=... -p 8000:8000 -p 8001:8001 frenemies
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY events events
COPY frenemies frenemies
COPY service service
RUN python -m venv /opt/frenemies \
 && /opt/frenemies/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin frenemies
COPY --from=build /opt/frenemies /opt/frenemies
ENV PATH=/opt/frenemies/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FRENEMIES_HOST=0.0.0.0 \
    FRENEMIES_PORT=8000 \
    FRENEMIES_FEED_PORT=8001
USER 10001:10001
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-m", "service.serve.health"]
CMD ["frenemies", "serve"]
