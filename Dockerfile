# A static program in a small image that has git, runs as nobody in particular and writes nowhere but where it is told.
#   docker build -t unleak .
#   docker run --rm -v "$PWD:/repo:ro" unleak scan /repo
FROM docker.io/library/rust:1.95-alpine AS build
# Alpine keeps no old packages: what pinned a version here would not build next month.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev gcc
WORKDIR /src
COPY . .
# On Alpine the target is musl, which is linked in. The check fails the build where something is left to be loaded, or
# where it could not be looked at.
RUN cargo build --release --locked \
 && readelf --dynamic target/release/unleak > target/dynamic \
 && ! grep -q NEEDED target/dynamic \
 && target/release/unleak --version

FROM docker.io/library/alpine:3.22
# git is for `unleak ci --deepen` and for scanning URLs. A mounted repository belongs to somebody else: our own reading
# does not mind, git has to be told.
# hadolint ignore=DL3018
RUN apk add --no-cache git \
 && git config --system --add safe.directory '*' \
 && adduser -D -H -u 65532 unleak
COPY --from=build /src/target/release/unleak /usr/local/bin/unleak
USER 65532:65532
WORKDIR /repo
ENTRYPOINT ["unleak"]
CMD ["--help"]
