import type { UnitFile } from '../model/plan.ts';
import type { ServiceAccount } from '../model/service-account.ts';
import { expandServices } from '../unit/graph/graph.ts';
import { assigned, effectiveUnit } from '../unit/settings/effective.ts';
import { readService } from '../unit/settings/read-service.ts';
import type { Service } from '../unit/settings/service.ts';
import { parseBoolean } from '../unit/settings/settings.ts';
import { unitType } from '../unit/syntax/name.ts';
import { serviceFolders } from './nohup/conf.ts';

type ReadUnit = { readonly service: Service; readonly dynamic: boolean };

/** The services that enabling some units of a set starts. */
const servicesOf = (units: readonly UnitFile[], enable: readonly string[]): readonly ReadUnit[] =>
  expandServices(units, enable).start.flatMap((name) => {
    const unit = unitType(name) === 'service' ? effectiveUnit(units, name) : null;
    if (unit === null) return [];
    const dynamic = parseBoolean(assigned(unit, 'Service', 'DynamicUser').at(-1)?.value ?? 'no') === true;
    return [{ service: readService(unit).service, dynamic }];
  });

/** As whom each of them runs where root starts it. */
export const accountsOf = (units: readonly UnitFile[], enable: readonly string[]): readonly ServiceAccount[] =>
  servicesOf(units, enable).map(({ service: { name, user, group, supplementaryGroups }, dynamic }) => ({
    unit: name,
    user: dynamic ? null : user || 'root',
    group: dynamic ? null : group || null,
    supplementary: supplementaryGroups,
  }));

const LASTING = ['STATE_DIRECTORY', 'CACHE_DIRECTORY', 'LOGS_DIRECTORY'];

/** Folders that are made for them, and outlive them. systemd gives all that is in them to a new account, before each start. */
export const lastingFolders = (units: readonly UnitFile[], enable: readonly string[]): readonly string[] =>
  servicesOf(units, enable).flatMap(({ service }) =>
    serviceFolders(service).flatMap(({ variable, paths }) => (LASTING.includes(variable) ? paths : [])),
  );
