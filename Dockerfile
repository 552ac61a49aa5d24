# The built app and its static server: docker build -t arklet . && docker run --rm -p 4173:4173 arklet, then http://localhost:4173.
# Under another name: docker run --rm -p 4173:4173 arklet serve --host 0.0.0.0,NAME [--https]
FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm pack --silent && mkdir /arklet && tar -xzf arklet-*.tgz -C /arklet --strip-components 1
# Of what the commands load, serving needs the maker of certificates alone.
RUN cd /arklet && npm pkg delete dependencies.playwright devDependencies overrides scripts && npm install --omit=dev --no-audit --no-fund

FROM node:20-alpine
COPY --from=build /arklet /arklet
USER node
EXPOSE 4173
ENTRYPOINT ["node", "/arklet/scripts/arklet.mjs"]
CMD ["serve", "--host", "0.0.0.0"]
