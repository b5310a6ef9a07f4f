# The operator's image. `npm run image` assembles the same layout without a container engine; a test holds the two together.
# Both bases are arguments, so that they can be pinned by digest: --build-arg RUNTIME=gcr.io/distroless/nodejs24-debian12:nonroot@sha256:…
ARG BUILDER=docker.io/library/node:24-bookworm-slim
ARG RUNTIME=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILDER} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# A registry of your own: --secret id=npmrc,src=$HOME/.npmrc. It is seen by this step and is in no layer.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE tsconfig.json ./
COPY bin bin
COPY tools tools
COPY src src
RUN npm run build && mkdir /data

FROM ${RUNTIME}
COPY --from=build /src/node_modules/node-linux-*/LICENSE /nodejs/LICENSE
COPY --from=build /src/dist/ /opt/patchgen/
COPY --chmod=0755 tools/image/patchgen /usr/local/bin/patchgen
COPY --from=build --chown=65532:65532 /data/ /var/lib/patchgen/
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Of bin/runtime-settings.mjs, as are the flags below.
ENV MALLOC_ARENA_MAX=2
ENV MALLOC_MMAP_THRESHOLD_=131072
ENV MALLOC_TRIM_THRESHOLD_=131072
ARG REVISION=unknown
LABEL org.opencontainers.image.title="patchgen"
LABEL org.opencontainers.image.description="A Kubernetes operator that turns declared changes into reviewable, reproducible patch packages"
LABEL org.opencontainers.image.version="0.1.0"
LABEL org.opencontainers.image.licenses="Apache-2.0"
LABEL org.opencontainers.image.revision="${REVISION}"
WORKDIR /
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=4", "--optimize-for-size", "--disable-warning=ExperimentalWarning", "/opt/patchgen/patchgen.mjs"]
CMD ["run"]
