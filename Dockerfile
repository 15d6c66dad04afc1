# The browser app is built with the development tools; the server runs as it is written and needs no build.
FROM node:24-slim AS web
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN npm ci --ignore-scripts
COPY . .
RUN node node_modules/vite/bin/vite.js build web

# Peers are what the packages here ask of those who install them (React and the like); the server has no use for them.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN npm ci --omit=dev --omit=peer --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY packages packages
COPY src src
COPY --from=web /app/web/dist web/dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4417
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.ANNALS_PORT || 4417) + '/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# On an address that is not loopback nobody is trusted for where they come from: a way to log in, a JWT secret or a proxy must be configured
# in the environment, and the server says so and stops when none is.
CMD ["node", "--disable-warning=ExperimentalWarning", "src/main.js", "start", "--host", "0.0.0.0", "--data", "/data"]
