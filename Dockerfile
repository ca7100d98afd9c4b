# The steps are those of a developer: scripts/setup build, make build. Then only the program, GDAL and PROJ's grids are kept;
# --target serveonly keeps the program that has no GDAL.
FROM node:22-bookworm-slim AS node

FROM golang:1.26-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ARG VERSION=dev
WORKDIR /src
COPY . .
RUN make build serveonly VERSION="$VERSION"

FROM debian:12-slim AS serveonly
RUN apt-get update -q && apt-get install -q -y --no-install-recommends libjpeg62-turbo && \
    rm -rf /var/lib/apt/lists/* && useradd --system --uid 10001 --no-create-home terrane && install -d -o terrane /data
COPY --from=build /src/bin/terrane-serveonly /usr/local/bin/terrane
USER terrane
ENV TERRANE_DATA=/data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["terrane"]
CMD ["serve", "--listen", "0.0.0.0:8080"]

FROM debian:12-slim
RUN apt-get update -q && apt-get install -q -y --no-install-recommends libgdal32 libjpeg62-turbo proj-data && \
    rm -rf /var/lib/apt/lists/* && useradd --system --uid 10001 --no-create-home terrane && install -d -o terrane /data
COPY --from=build /src/bin/terrane /usr/local/bin/terrane
USER terrane
ENV TERRANE_DATA=/data
VOLUME /data
EXPOSE 8080
# Nothing is written outside /data, so the root may be read-only: docker run --read-only -v tiles:/data -p 8080:8080 terrane
ENTRYPOINT ["terrane"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
