# One image; API, worker and migration differ by command only: bridge api | worker | migrate.
FROM python:3.12-slim AS build
COPY locks/service.txt /build/service.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /build/service.txt \
    && printf '#!/bin/sh\nexec python -P -m app.cli "$@"\n' > /venv/bin/bridge \
    && chmod 755 /venv/bin/bridge

FROM python:3.12-slim
# A fixed number, so that Kubernetes' runAsNonRoot can check it; no home, no shell.
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bridge
COPY --from=build /venv /venv
WORKDIR /bridge
COPY alembic.ini ./
COPY alembic alembic
COPY app app
COPY workers workers
RUN /venv/bin/python -m compileall -q app workers alembic
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/bridge \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BRIDGE_API_HOST=0.0.0.0 \
    BRIDGE_LOG_FORMAT=json
USER 10001
EXPOSE 8000
# The API's process only; whether database and worker are well says /readyz. A worker has no port: compose.yaml replaces this.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('BRIDGE_API_PORT', '8000') + '/healthz', timeout=2)"]
ENTRYPOINT ["bridge"]
CMD ["api"]
