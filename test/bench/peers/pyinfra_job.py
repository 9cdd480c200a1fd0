"""The job for pyinfra."""

from pathlib import Path

from pyinfra import local
from pyinfra.operations import files, server, systemd

server.user(name='account', user='job', system=True, home='/opt/job', shell='/usr/sbin/nologin', create_home=False)
files.directory(name='data', path='/opt/job/data', user='job', group='job', mode='750')
code = files.sync(
    name='code', src='app', dest='/opt/job/current', user='root', group='root', mode='644', dir_mode='755', delete=True
)
env = files.put(name='secrets', src='secrets/job.env', dest='/opt/job/.env', user='job', group='job', mode='600')
unit = files.put(name='unit', src='units/job.service', dest='/etc/systemd/system/job.service', mode='644')
logrotate = files.put(name='logrotate', src='job.logrotate', dest='/etc/logrotate.d/job', mode='644')
systemd.daemon_reload(name='reload', _if=unit.did_change)
systemd.service(name='enable', service='job.service', running=True, enabled=True)
systemd.service(
    name='restart',
    service='job.service',
    restarted=True,
    _if=lambda: any(change.did_change() for change in (code, env, unit, logrotate)),
)
server.shell(name='health', commands=[Path(__file__).with_name('health.sh').read_text()], _shell_executable='bash')
