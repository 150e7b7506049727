# syntax=docker/dockerfile:1
# Two stages: the compiler stays in the first. docker build -t sememe .
FROM rust:1.95-slim-trixie AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin sememe && cp target/release/sememe /sememe && strip /sememe

FROM debian:trixie-slim
# WordNet is optional: without it everything but its own routes and mode works.
ARG WORDNET=wordnet-base
RUN apt-get update && apt-get install -y --no-install-recommends curl ${WORDNET} && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin sememe \
    && install -d -o sememe -g sememe /data
COPY --from=build /sememe /usr/local/bin/sememe
USER sememe
WORKDIR /data
VOLUME /data
# Others reach a container, so there has to be a key: SEMEME_MASTER_KEY, or one made with `sememe keys create`.
ENV SEMEME_DATA_DIR=/data SEMEME_LISTEN=0.0.0.0:7676 SEMEME_LOG_FORMAT=json
EXPOSE 7676
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:7676/livez"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sememe"]
CMD ["serve"]
