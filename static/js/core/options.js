// @ts-check
/**
 * The choices of one dish (templates/components/item_options.html): what is chosen, what it adds
 * to the price, and the limits of each group. The server checks all of it again.
 */

/**
 * isUsual: what a required group comes with, which nobody needs to read (domain/menu.py decides; this
 * is the same for what only the till knows yet).
 * @typedef {{modifierId: string, name: string, priceMinor: number, isUsual?: boolean}} Choice
 */

/** @param {ParentNode} options @returns {Choice[]} */
export function readChoices(options) {
  const groups = /** @type {NodeListOf<HTMLElement>} */ (options.querySelectorAll('[data-group-id]'));
  return [...groups].flatMap((group) => {
    const inputs = /** @type {HTMLInputElement[]} */ ([...group.querySelectorAll('.option__input')]);
    const isUsual = Number(group.dataset.minimum ?? 0) > 0 && inputs.every((input) => input.checked === input.defaultChecked);
    return inputs.filter((input) => input.checked).map((input) => ({
      modifierId: input.value,
      name: input.dataset.name ?? '',
      priceMinor: Number(input.dataset.priceMinor ?? 0),
      isUsual,
    }));
  });
}

/** @param {ParentNode} options @param {string[]} modifierIds */
export function writeChoices(options, modifierIds) {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (options.querySelectorAll('.option__input'))) {
    input.checked = modifierIds.includes(input.value) && !input.disabled;
  }
}

/**
 * Choose an option, or take it off again: where one must be chosen, the usual one comes back.
 * @param {ParentNode} options @param {string} modifierId @returns {boolean} did it take
 */
export function toggleChoice(options, modifierId) {
  const input = /** @type {HTMLInputElement | null} */ (options.querySelector(`.option__input[value="${CSS.escape(modifierId)}"]`));
  if (!input || input.disabled) return false;
  const wasChosen = input.checked;
  if (input.type === 'checkbox') {
    input.checked = !wasChosen;
    holdMaximum(input);
  } else {
    const group = /** @type {NodeListOf<HTMLInputElement>} */ (input.closest('[data-group-id]')?.querySelectorAll('.option__input'));
    for (const each of group) each.checked = wasChosen ? each.defaultChecked : each === input;
  }
  return input.checked !== wasChosen;
}

/**
 * Hold the groups to their maximum as choices are made: where one is allowed the new choice
 * replaces the old one, else the choice that is too many does not take.
 * @param {EventTarget | null} target of a `change` event
 */
export function holdMaximum(target) {
  if (!(target instanceof HTMLInputElement) || target.type !== 'checkbox' || !target.checked) return;
  const group = /** @type {HTMLElement | null} */ (target.closest('[data-group-id]'));
  const maximum = Number(group?.dataset.maximum ?? 0);
  if (!group || !maximum) return; // 0 is no limit
  const chosen = /** @type {HTMLInputElement[]} */ ([...group.querySelectorAll('.option__input:checked')]);
  if (chosen.length <= maximum) return;
  if (maximum > 1) target.checked = false;
  else for (const other of chosen) other.checked = other === target;
}

/** Find the first group with too few choices. @param {ParentNode} options @returns {HTMLElement | null} */
export function findUnfilledGroup(options) {
  const groups = /** @type {NodeListOf<HTMLElement>} */ (options.querySelectorAll('[data-group-id]'));
  return [...groups].find((group) => group.querySelectorAll('.option__input:checked').length < Number(group.dataset.minimum ?? 0)) ?? null;
}
