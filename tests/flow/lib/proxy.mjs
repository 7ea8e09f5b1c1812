// proxy.mjs - a TCP proxy that does what networks do to connections.

import { connect, createServer } from 'node:net';

/**
 * Start one in front of a port. proxy.rule = {direction: 'up' | 'down',
 * after: n, action: 'cut' | 'reset' | 'stall'} strikes once, after n more bytes
 * in that direction over whatever connection they travel; 'up' is towards the
 * server. proxy.struck counts. proxy.refuse = true turns connections away.
 */
export async function startProxy(t, targetPort) {
  const proxy = { rule: null, struck: 0, refuse: false, connections: 0 };
  const open = new Set();

  const strike = (from, to, action) => {
    proxy.struck++;
    if (action === 'stall') {
      from.pause(); // both ends stay open and silent
      return;
    }
    for (const socket of [from, to]) {
      if (action === 'reset') socket.resetAndDestroy();
      else socket.destroySoon();
    }
  };

  const forward = (from, to, direction) => {
    from.on('data', (chunk) => {
      const rule = proxy.rule;
      if (!rule || rule.direction !== direction) {
        to.write(chunk);
        return;
      }
      if (chunk.length <= rule.after) {
        rule.after -= chunk.length;
        to.write(chunk);
        return;
      }
      proxy.rule = null;
      if (rule.after > 0) to.write(chunk.subarray(0, rule.after));
      strike(from, to, rule.action);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => open.delete(from));
    open.add(from);
  };

  const server = createServer((down) => {
    if (proxy.refuse) {
      down.resetAndDestroy();
      return;
    }
    proxy.connections++;
    const up = connect(targetPort, '127.0.0.1');
    forward(down, up, 'up');
    forward(up, down, 'down');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t?.after?.(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  proxy.cutAll = () => {
    for (const socket of open) socket.destroy();
  };
  proxy.url = `http://127.0.0.1:${server.address().port}`;
  return proxy;
}
