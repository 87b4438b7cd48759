import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Configuration } from "oidc-provider";
import { library } from "../resource/library.ts";

export interface DevelopmentIssuerOptions {
  /** Default one that is free. */
  readonly port?: number;
  /** Clients and what they may ask for. Default one: `dev`, with the secret `dev`. */
  readonly clients?: readonly DevelopmentClient[];
  /** Of every token. Default `app`. */
  readonly audience?: string;
  /** Scopes that there are. */
  readonly scopes?: readonly string[];
}

export interface DevelopmentClient {
  readonly id: string;
  readonly secret: string;
  readonly roles?: readonly string[];
}

/** An issuer that runs. */
export interface DevelopmentIssuer extends AsyncDisposable {
  readonly issuer: string;
  /** Asks it for a token as a client would. */
  token(scope: string, client?: Pick<DevelopmentClient, "id" | "secret">): Promise<string>;
}

/** An OpenID Connect issuer on this machine, with nothing to install but `oidc-provider`. For a laptop and for tests: its secrets are no secrets. */
export async function developmentIssuer(options: DevelopmentIssuerOptions = {}): Promise<DevelopmentIssuer> {
  const { audience = "app", scopes = [], clients = [{ id: "dev", secret: "dev" }] } = options;
  const { default: Provider } = await library(["oidc-provider"], () => import("oidc-provider"));
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(options.port ?? 0, "127.0.0.1", resolve);
  await promise;
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, configuration(audience, scopes, clients));
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  const [first] = clients;
  return {
    issuer,
    async token(scope, client = first) {
      const response = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: {
          authorization: `Basic ${Buffer.from(`${client?.id}:${client?.secret}`).toString("base64")}`,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams({ grant_type: "client_credentials", scope, resource: resourceOf(audience) }),
      });
      const answer = (await response.json()) as { readonly access_token?: string; readonly error_description?: string };
      if (answer.access_token === undefined) throw new Error(`no token: ${answer.error_description ?? response.status}`);
      return answer.access_token;
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

/** A token's audience is a resource, and resources are URLs to this provider. */
const resourceOf = (audience: string): string => (URL.canParse(audience) ? audience : `urn:${audience}`);

function configuration(audience: string, scopes: readonly string[], clients: readonly DevelopmentClient[]): Configuration {
  const rolesOf = new Map(clients.map(({ id, roles = [] }) => [id, roles]));
  return {
    clients: clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    scopes: [...scopes],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: scopes.join(" "), audience, accessTokenTTL: 3_600, accessTokenFormat: "jwt" }),
      },
    },
    extraTokenClaims: (_context, token) => {
      const id = "clientId" in token ? token.clientId : undefined;
      return { sub: id ?? "nobody", roles: rolesOf.get(id ?? "") ?? [] };
    },
  };
}
