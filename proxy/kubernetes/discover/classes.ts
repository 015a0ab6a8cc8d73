import type { Ingress } from '../objects.ts';
import type { ClusterView } from '../view.ts';
import { isUnread } from './known.ts';
import type { FoundProxy } from './proxies.ts';

/** Does a proxy serve an object, and by which rule, in words that a person can check. */
export interface Serves {
  yes: boolean;
  why: string;
  /** true: what decides it may not be read, so the answer is a guess. */
  guessed?: boolean;
}

export const yes = (why: string): Serves => ({ yes: true, why });
export const no = (why: string): Serves => ({ yes: false, why });
type Args = FoundProxy['args'];

export const isOn = (value: string | undefined): boolean => value !== undefined && value !== 'false';

/** `a,b` or the flag given several times. */
const namesIn = (flag: string | undefined): string[] | null =>
  flag ? flag.split(',').filter((one) => one !== '') : null;

const isWatched = (flag: string | undefined, namespace: string): boolean => namesIn(flag)?.includes(namespace) ?? true;

const ANNOTATION = 'annotation kubernetes.io/ingress.class';

/** By the IngressClass that an Ingress names: does its controller fit? `usual` is what we go by when classes may not be read. */
function byClass(view: ClusterView, className: string, fits: (controller: string) => boolean, usual: string): Serves {
  const of = view.objects.ingressclasses.get(className);
  if (of) return { yes: fits(of.controller), why: `IngressClass ${className} names ${of.controller}` };
  if (isUnread(view, 'ingressclasses'))
    return {
      yes: className === usual,
      why: `its class is ${className}; IngressClasses may not be read`,
      guessed: true,
    };
  return no(`its class ${className} does not exist`);
}

interface NginxRule {
  controller: string;
  annotation: string;
  withoutClass: boolean;
  byName: boolean;
}

/**
 * ingress-nginx: spec.ingressClassName of a class with the right controller (or, with --ingress-class-by-name, of that
 * name), else the annotation, else only with --watch-ingress-without-class (internal/ingress/controller/store/store.go,
 * GetIngressClass and its event handler of IngressClasses).
 */
function byNginx(view: ClusterView, ingress: Ingress, rule: NginxRule): Serves {
  const { className, classAnnotation } = ingress;
  if (className !== null) {
    if (rule.byName && className === rule.annotation && view.objects.ingressclasses.has(className))
      return yes(`its class is named ${className}`);
    return byClass(view, className, (controller) => controller === rule.controller, rule.annotation);
  }
  if (classAnnotation !== null)
    return { yes: classAnnotation === rule.annotation, why: `${ANNOTATION}: ${classAnnotation}` };
  return rule.withoutClass ? yes('it names no class, and such are watched too') : no('it names no class');
}

const nginxRule = (args: Args, flag: (name: string) => string): NginxRule => ({
  controller: args[flag('controller-class')] ?? 'k8s.io/ingress-nginx',
  annotation: args[flag('ingress-class')] ?? 'nginx',
  withoutClass: isOn(args[flag('watch-ingress-without-class')]),
  byName: isOn(args[flag('ingress-class-by-name')]),
});

/** Traefik's own provider (pkg/provider/kubernetes/ingress/kubernetes.go, shouldProcessIngress). */
function byTraefik(view: ClusterView, ingress: Ingress, args: Args): Serves {
  const prefix = 'providers.kubernetesingress';
  const wanted = args[`${prefix}.ingressclass`] ?? '';
  const blind =
    isOn(args[`${prefix}.disableingressclasslookup`]) || isOn(args[`${prefix}.disableclusterscoperesources`]);
  const { className, classAnnotation } = ingress;
  if (className !== null) {
    if (blind) return no(`it names the class ${className}, and this Traefik does not look classes up`);
    const found = byClass(view, className, (controller) => controller === 'traefik.io/ingress-controller', 'traefik');
    return found.yes && wanted !== '' && wanted !== className ? no(`it serves the class ${wanted} only`) : found;
  }
  const annotated = classAnnotation ?? '';
  const fits = annotated === wanted || (wanted === '' && annotated === 'traefik');
  if (annotated !== '') return { yes: fits, why: `${ANNOTATION}: ${annotated}` };
  return fits ? yes('it names no class, and such are served') : no(`it serves the class ${wanted} only`);
}

/**
 * haproxy-ingress: the annotation goes before the class, unless --ingress-class-precedence says otherwise
 * (pkg/controller/services/cache.go, IsValidIngress; config.go for the controller's name).
 */
function byHaproxy(view: ClusterView, ingress: Ingress, args: Args): Serves {
  const suffix = args['controller-class']?.replace(/^\/+/, '');
  const own = 'haproxy-ingress.github.io/controller';
  const controller = args['full-controller-name'] || (suffix ? `${own}/${suffix}` : own);
  const annotation = args['ingress-class'] ?? 'haproxy';
  const { className, classAnnotation } = ingress;
  const fromClass =
    className !== null && !isOn(args['disable-ingress-class-api'])
      ? byClass(view, className, (one) => one === controller, annotation)
      : null;
  if (classAnnotation !== null && !(fromClass && isOn(args['ingress-class-precedence'])))
    return { yes: classAnnotation === annotation, why: `${ANNOTATION}: ${classAnnotation}` };
  if (fromClass) return fromClass;
  return isOn(args['watch-ingress-without-class'])
    ? yes('it names no class, and such are watched too')
    : no('it names no class');
}

/** HAProxy Technologies' controller goes by the class alone (haproxytech/kubernetes-ingress: pkg/store/store.go, IsIngressClassSupported). */
function byHaproxyTech(view: ClusterView, ingress: Ingress, args: Args): Serves {
  const own = args['ingress.class'] ?? '';
  const controller = own === '' ? 'haproxy.org/ingress-controller' : `haproxy.org/ingress-controller/${own}`;
  const fits = (one: string): boolean => one === controller;
  if (ingress.className) return byClass(view, ingress.className, fits, own || 'haproxy');
  const standard = [...view.objects.ingressclasses.values()].find((one) => one.isDefault);
  if (own !== '' && isOn(args['empty-ingress-class'])) return yes('it names no class, and such are served');
  if (standard)
    return { yes: fits(standard.controller), why: `it names no class; the default one is ${standard.meta.name}` };
  return own === '' ? yes('it names no class, and such are served') : no(`it serves the class ${own} only`);
}

/** Contour goes by the name of the class, not by its controller (internal/ingressclass/ingressclass.go, MatchesIngress). */
function byContour(ingress: Ingress, args: Args): Serves {
  const own = ingress.meta.annotations['projectcontour.io/ingress.class'];
  const named = own || ingress.classAnnotation || ingress.className || '';
  const wanted = namesIn(args['ingress-class-name']);
  const why = named === '' ? 'it names no class' : `its class is named ${named}`;
  return { yes: wanted ? wanted.includes(named) : named === '' || named === 'contour', why };
}

/** Is a provider of Traefik switched on by its arguments? null: they name none, so a file of its own may. */
export function provides(args: Args, provider: string): boolean | null {
  const flags = Object.keys(args).filter((flag) => flag.startsWith('providers.'));
  if (flags.length === 0) return null;
  return flags.some((flag) => flag === provider || flag.startsWith(`${provider}.`)) && args[provider] !== 'false';
}

function byTraefiks(view: ClusterView, ingress: Ingress, args: Args): Serves {
  const { namespace } = ingress.meta;
  const nginx = 'providers.kubernetesingressnginx';
  const [plain, asNginx] = [provides(args, 'providers.kubernetesingress'), provides(args, nginx)];
  if (asNginx && isWatched(args[`${nginx}.watchnamespace`], namespace)) {
    const found = byNginx(
      view,
      ingress,
      nginxRule(args, (name) => `${nginx}.${name.replaceAll('-', '')}`),
    );
    if (found.yes) return { ...found, why: `${found.why}; Traefik's provider for ingress-nginx takes those` };
    if (plain === false) return found;
  }
  if (plain === false) return no('its provider for Ingresses is not switched on');
  if (!isWatched(args['providers.kubernetesingress.namespaces'], namespace))
    return no(`it watches ${args['providers.kubernetesingress.namespaces']} only`);
  return byTraefik(view, ingress, args);
}

/** Does this proxy serve this Ingress? Rules of each controller, from its own source. */
export function servesIngress(view: ClusterView, proxy: FoundProxy, ingress: Ingress): Serves {
  const { args } = proxy;
  const { namespace } = ingress.meta;
  const flag = ['watch-namespace', 'namespace-whitelist', 'watch-namespaces'].find((one) => args[one]);
  if (flag && proxy.brand !== 'traefik' && !isWatched(args[flag], namespace))
    return no(`it watches ${args[flag]} only`);
  switch (proxy.brand) {
    case 'ingress-nginx': {
      const found = byNginx(
        view,
        ingress,
        nginxRule(args, (name) => name),
      );
      const isCatchAll = ingress.rules.length === 0 || ingress.rules.some((rule) => rule.host === null);
      if (found.yes && isCatchAll && isOn(args['disable-catch-all']))
        return no('it takes no catch-all (--disable-catch-all)');
      return found;
    }
    case 'traefik':
      return byTraefiks(view, ingress, args);
    case 'haproxy-ingress':
      return byHaproxy(view, ingress, args);
    case 'haproxytech':
      return byHaproxyTech(view, ingress, args);
    case 'contour':
      return byContour(ingress, args);
    default:
      return no(`${proxy.brand} reads no Ingresses`);
  }
}
