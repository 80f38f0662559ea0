# SPDX-License-Identifier: MIT
# dproxy as an image: one static program, its settings, certificates, bill of materials and licences; nothing else.
#
#   docker build -t dproxy .                                            for this machine's architecture
#   docker buildx build --platform linux/amd64,linux/arm64 -t dproxy .  for both, cross-compiled
#
# scripts/image builds it with the arguments filled in from the checkout. All are optional:
#   VERSION            label; must be that of CMakeLists.txt, perhaps with a suffix: 0.1.0-rc.1
#   REVISION           the commit, in a label and in dproxy_build_info
#   SOURCE             label: where the project lives
#   CREATED            label, as RFC 3339 has it: the commit's time, so that two builds are the same
#   SOURCE_DATE_EPOCH  the same in seconds: the time of all files
#   TESTS              on: build the unit tests as well, pass them, and ask the program a question; under qemu-user where
#                      the architecture is another
# BuildKit says BUILDPLATFORM and TARGETARCH by itself; the classic builder builds for its own machine.
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=https://github.com/OWNER/dproxy

FROM --platform=${BUILDPLATFORM:-linux} debian:trixie-slim AS build
ARG TARGETARCH
COPY deploy/image/toolchain /usr/local/bin/dproxy-toolchain
RUN dproxy-toolchain
ARG VERSION REVISION SOURCE_DATE_EPOCH=0 TESTS=off
COPY . /usr/src/dproxy
RUN /usr/src/dproxy/deploy/image/assemble

FROM scratch
ARG VERSION REVISION CREATED SOURCE
LABEL org.opencontainers.image.title="dproxy" \
      org.opencontainers.image.description="DNS routing proxy: one address, many independent nameservers" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.documentation="$SOURCE/tree/main/docs" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
COPY --from=build /image/ /
ENV PATH=/usr/bin DPROXY_CONFIG=/etc/dproxy/dproxy.conf
USER 65532:65532
EXPOSE 1053/udp 1053/tcp 8080/tcp
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/bin/dproxy", "healthcheck"]
ENTRYPOINT ["/usr/bin/dproxy"]
