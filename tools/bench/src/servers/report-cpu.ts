/** Loaded before a server under measurement (`node --import`): it tells its own CPU time, in microseconds, when asked. */
process.on('message', (message) => {
  if (message !== 'cpu') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on('disconnect', () => process.exit());
