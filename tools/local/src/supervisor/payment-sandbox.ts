import { join } from 'node:path';
import { ROOT } from '../app-tools.ts';
import { inheritedEnv, settingsOf } from '../config.ts';
import { httpGet } from '../process/http-get.ts';
import { webhookSecret } from './app-env.ts';
import type { Ground } from './boot.ts';
import { createService, type Service, type Supervision } from './service.ts';

const PAYMENT_SANDBOX = 'payment-sandbox';

/** The payment provider that there is where no money is: it forgets no charge when it is started again. */
export function createPaymentSandbox({ place, ports, settings, secrets }: Ground, supervision: Supervision): Service {
  const { paymentSandbox: port } = ports;
  return createService({
    ...supervision,
    name: PAYMENT_SANDBOX,
    program: () => ({
      name: PAYMENT_SANDBOX,
      command: process.execPath,
      args: ['apps/payment-sandbox/src/main.ts'],
      env: {
        ...inheritedEnv(),
        ...settingsOf('sandbox'),
        HOST: '127.0.0.1',
        PORT: String(port),
        DATA_DIR: join(place.data, PAYMENT_SANDBOX),
        WEBHOOK_URL: `http://127.0.0.1:${settings.port}/v1/payments/webhooks/sandbox`,
        WEBHOOK_SECRET: webhookSecret(secrets),
      },
      cwd: ROOT,
      log: join(place.logs, `${PAYMENT_SANDBOX}.log`),
    }),
    isReady: async () => (await httpGet(`http://127.0.0.1:${port}/health`)).status === 200,
    readyWithin: 60_000,
    stop: [{ signal: 'SIGTERM', wait: 7000 }],
  });
}
