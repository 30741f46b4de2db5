/**
 * The product tree of a CSAF document: which platform and component a product id of a status stands for.
 *
 * Source: CSAF 2.0, 3.2.2 "Product tree property". Branches name platforms (by CPE) and components (by purl); relationships
 * `default_component_of` join them under an id of their own, by way of a module where there is one.
 */
import { asList, asRecord, asText, type JsonRecord } from '../feed-json.ts';
import { type Component, findModule, readComponent } from './component.ts';

/** A component in a platform. */
export interface PlatformComponent {
  /** `Red Hat:` and the CPE without its vendor: `Red Hat:enterprise_linux:9::appstream`. */
  readonly ecosystem: string;
  readonly component: Component;
}

/** Red Hat nests four levels; the specification has no limit. */
const MAX_DEPTH = 12;
const MAX_CPE_LENGTH = 256;

interface Product {
  readonly cpe?: string | undefined;
  readonly purl?: string | undefined;
}

interface Relationship {
  readonly component: string;
  readonly parent: string;
}

export class ProductTree {
  readonly #products = new Map<string, Product>();
  readonly #relationships = new Map<string, Relationship>();
  readonly #components = new Map<string, Component>();

  constructor(tree: JsonRecord) {
    this.#readBranches(tree['branches'], 0);
    for (const product of asList(tree['full_product_names'])) this.#addProduct(product);
    for (const value of asList(tree['relationships'])) {
      const one = asRecord(value);
      const id = asText(asRecord(one['full_product_name'])['product_id']);
      const component = asText(one['product_reference']);
      const parent = asText(one['relates_to_product_reference']);
      if (id !== undefined && component !== undefined && parent !== undefined) {
        this.#relationships.set(id, { component, parent });
      }
    }
  }

  /** What a product id of a status stands for; `undefined` when it is no component of a platform with a CPE of Red Hat. */
  find(productId: string): PlatformComponent | undefined {
    const first = this.#relationships.get(productId);
    if (first === undefined) return undefined;
    let { parent } = first;
    let module: string | undefined;
    // Component of a module of a platform: one step more; never a long way.
    for (let steps = 0; steps < 4; steps += 1) {
      const above = this.#relationships.get(parent);
      if (above === undefined) break;
      module ??= findModule(above.component);
      parent = above.parent;
    }
    const ecosystem = findRedHatEcosystem(this.#products.get(parent)?.cpe);
    if (ecosystem === undefined) return undefined;
    const component = this.#componentOf(first.component);
    return {
      ecosystem,
      component:
        component.kind === 'rpm' && component.module === undefined && module !== undefined
          ? { ...component, module }
          : component,
    };
  }

  #componentOf(id: string): Component {
    const known = this.#components.get(id);
    if (known !== undefined) return known;
    const component = readComponent({ id, purl: this.#products.get(id)?.purl });
    this.#components.set(id, component);
    return component;
  }

  #readBranches(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) return;
    for (const item of asList(value)) {
      const branch = asRecord(item);
      if (branch['product'] !== undefined) this.#addProduct(branch['product']);
      if (branch['branches'] !== undefined) this.#readBranches(branch['branches'], depth + 1);
    }
  }

  #addProduct(value: unknown): void {
    const product = asRecord(value);
    const id = asText(product['product_id']);
    if (id === undefined) return;
    const helper = asRecord(product['product_identification_helper']);
    this.#products.set(id, { cpe: asText(helper['cpe']), purl: asText(helper['purl']) });
  }
}

/** The ecosystem of a CPE as OSV spells it; `undefined` when it is none of Red Hat's. */
export function findRedHatEcosystem(cpe: string | undefined): string | undefined {
  if (cpe === undefined || cpe.length > MAX_CPE_LENGTH) return undefined;
  const [, product] = /^cpe:\/[aoh]:redhat:(\S+)$/.exec(cpe) ?? [];
  // Trailing colons say nothing, and some documents have them.
  return product === undefined ? undefined : `Red Hat:${product.replace(/:+$/, '')}`;
}
