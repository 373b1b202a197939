// The Russian catalogue. Its type is written from the tables in Rust, so a text that is missing here, or
// is no longer there, does not compile.

/**
 * Messages and hints in Russian, for the option `messages`.
 *
 * @module capwire/ru
 */

import type { Messages } from "./types.js";

/**
 * The words of the messages and hints in Russian. Codes, field names and what a service or the platform
 * says itself stay as they are.
 *
 * @example
 * ```ts
 * import { Client } from "capwire";
 * import ru from "capwire/ru";
 *
 * const client = new Client({ clientKey, messages: ru });
 * ```
 */
const ru: Messages = {
  codes: {
    ERROR_KEY_DOES_NOT_EXIST: {
      message: "Сервис не знает такого ключа",
      hint: "Скопируйте ключ из личного кабинета заново. С этим больше ничего не отправляется, потому что за повторы с неверным ключом блокируют.",
    },
    ERROR_ZERO_BALANCE: {
      message: "На счёте не осталось денег",
      hint: "Пополните счёт и вызовите getBalance(): новые задачи не отправляются, пока он не покажет деньги или пока не пройдёт 10 минут.",
    },
    ERROR_TOO_BIG_CAPTCHA_FILESIZE: {
      message: "Изображение больше, чем принимает сервис",
      hint: "Отправьте изображение поменьше: обрежьте его до самой капчи, сократите число цветов или сожмите сильнее.",
    },
    ERROR_ZERO_CAPTCHA_FILESIZE: {
      message: "Изображение меньше, чем принимает сервис",
      hint: "Проверьте, откуда берётся изображение: столь малый файл почти всегда пуст или оборван.",
    },
    INVALID_IMAGE: {
      message: "Это не изображение, которое можно отправить",
      hint: "Передайте байты изображения (Uint8Array, ArrayBuffer, Blob, File), их запись в base64 или data: URL в base64, а не путь и не адрес.",
    },
    ERROR_NO_SUCH_METHOD: {
      message: "Сервис не знает такого вида капчи",
      hint: "Сверьте `type` задачи со списком видов капчи в документации сервиса.",
    },
    ERROR_TASK_NOT_SUPPORTED: {
      message: "Сервис не поддерживает задачи этого типа",
      hint: "Проверьте `type` задачи или обратитесь к другому сервису.",
    },
    ERROR_TASK_ABSENT: {
      message: "Сервис не нашёл в запросе задачу",
      hint: "Передайте объект с полем `type`; если тело запроса меняет прокси или подставленный fetch, ищите причину там.",
    },
    ERROR_INVALID_TASK: {
      message: "По мнению сервиса, в задаче есть пропущенные, неверные или устаревшие значения",
      hint: "Исправьте поля, о которых говорит `serverMessage`, и создайте задачу заново.",
    },
    ERROR_RECAPTCHA_INVALID_SITEKEY: {
      message: "Ключ сайта недействителен",
      hint: "Возьмите `websiteKey` с той страницы, на которой показана капча.",
    },
    ERROR_RECAPTCHA_INVALID_DOMAIN: {
      message: "Ключ сайта не относится к этому домену",
      hint: "Укажите в `websiteURL` полный адрес страницы, на которой показана капча.",
    },
    ERROR_WRONG_USERAGENT: {
      message: "Сервис не признал User-Agent из задачи действующим",
      hint: "Укажите User-Agent свежей версии браузера для Windows или уберите это поле.",
    },
    ERROR_TOKEN_EXPIRED: {
      message: "Одноразовое значение в задаче устарело",
      hint: "Прочитайте новое значение со страницы и сразу создайте новую задачу.",
    },
    INVALID_TASK: {
      message: "Задачу нельзя отправить в таком виде",
      hint: "Исправьте поле, которое названо в `field`; ничего не отправлено.",
    },
    ERROR_DOMAIN_NOT_ALLOWED: {
      message: "Сервис отказывается решать капчи этого сайта",
      hint: "Прекратите попытки: отказ окончательный, и повтор ничего не изменит.",
    },
    ERROR_PROXY_CONNECT_REFUSED: {
      message: "Сервис не смог подключиться к прокси",
      hint: "Проверьте адрес и порт прокси и работает ли он, или возьмите другой прокси.",
    },
    ERROR_PROXY_BANNED: {
      message: "Поставщик капчи заблокировал этот прокси",
      hint: "Возьмите другой прокси: за повторы с заблокированным блокируют и счёт.",
    },
    ERROR_PROXY_MISSING: {
      message: "Задаче нужен прокси, или его proxyType указан неверно",
      hint: "Укажите вместе proxyType (http, https, socks4 или socks5), proxyAddress и proxyPort.",
    },
    ERROR_PROXY_NOT_AUTHORISED: {
      message: "Прокси не принял логин или пароль",
      hint: "Проверьте proxyLogin и proxyPassword.",
    },
    ERROR_PROXY_READ_TIMEOUT: {
      message: "Чтение через прокси заняло слишком много времени",
      hint: "Проверьте адрес и порт прокси или возьмите прокси побыстрее.",
    },
    ERROR_PROXY_CREDENTIALS_INVALID_CHARACTER: {
      message: "В логине или пароле прокси есть недопустимый знак",
      hint: "Выберите логин и пароль без знака процента.",
    },
    ERROR_IP_NOT_ALLOWED: {
      message: "Счёт не принимает запросы с этого адреса",
      hint: "Добавьте адрес в список доверенных в настройках счёта; запросы снова пойдут через 10 минут или в новом процессе.",
    },
    ERROR_IP_BANNED: {
      message: "Этот адрес заблокирован за запросы с неверным ключом",
      hint: "Проверьте ключ и подождите 10 минут; каждый запрос раньше этого срока продлевает блокировку.",
    },
    ERROR_IP_BLOCKED: {
      message: "Этот адрес заблокирован из-за большого числа ошибок",
      hint: "Разберитесь с предыдущими ошибками и подождите 10 минут.",
    },
    ERROR_NO_SUCH_CAPCHA_ID: {
      message: "Сервис не знает этого номера задачи или уже забыл его",
      hint: "Создайте задачу заново: результаты хранятся 5 минут, а за повторные запросы с неизвестным номером блокируют.",
    },
    WRONG_CAPTCHA_ID: {
      message: "Сервис не знает этого номера задачи или уже забыл его",
      hint: "Создайте задачу заново: результаты хранятся 5 минут, а за повторные запросы с неизвестным номером блокируют.",
    },
    ERROR_CAPTCHA_UNSOLVABLE: {
      message: "Сервис не смог решить эту капчу",
      hint: "Попробуйте другую капчу: эта может быть неподдерживаемого вида, слишком зашумлённой, повреждённой или плохо нарисованной.",
    },
    ERROR_RECAPTCHA_TIMEOUT: {
      message: "Решение заняло больше времени, чем отводит себе сервис",
      hint: "Создайте новую задачу; если в ней есть прокси, возьмите более быстрый.",
    },
    ERROR_NO_SLOT_AVAILABLE: {
      message: "У сервиса сейчас нет свободного сервера для этой задачи",
      hint: "Попробуйте немного позже; клиент уже повторил запрос столько раз, сколько разрешает `maxRetries`.",
    },
    ERROR_SERVICE_NOT_AVAILABLE: {
      message: "Сервис сейчас не принимает задачи",
      hint: "Попробуйте позже; если указан callbackUrl, проверьте, что он доступен.",
    },
    ERROR_TOO_MUCH_REQUESTS: {
      message: "Результат этой задачи запрашивали слишком часто",
      hint: "Запрашивайте не чаще одного раза в 2 секунды и не больше 120 раз на задачу; waitForResult() соблюдает это сам.",
    },
    UNKNOWN: {
      message: "Сервис ответил ошибкой, которая здесь не известна",
      hint: "Прочитайте `serverCode` и `serverMessage` и найдите этот код в документации сервиса.",
    },
    NETWORK: {
      message: "Сервис недоступен, или соединение оборвалось",
      hint: "Проверьте сеть, а в браузере ещё и разрешение на доступ к адресу сервиса.",
    },
    HTTP_STATUS: {
      message: "Пришедший ответ дал не сервис",
      hint: "Проверьте baseUrl и всё, что стоит между программой и сервисом (прокси, межсетевой экран, страница входа в сеть).",
    },
    BAD_RESPONSE: {
      message: "Ответ сервиса нельзя понять",
      hint: "Проверьте baseUrl; если он верен, у сервиса неполадка или изменился протокол.",
    },
    REQUEST_TIMEOUT: {
      message: "Сервис не ответил вовремя",
      hint: "Проверьте сеть или увеличьте requestTimeoutMs.",
    },
    SOLVE_TIMEOUT: {
      message: "Задача не была готова в срок",
      hint: "Продолжите ждать с waitForResult(taskId), в этой программе или в другой, пока с её создания не прошло 5 минут.",
    },
    INVALID_OPTIONS: {
      message: "Параметр нельзя использовать",
      hint: "Исправьте параметр, который назван в `option`; ничего не отправлено.",
    },
    INTERNAL: {
      message: "Сбой в самом capwire",
      hint: "Пожалуйста, сообщите о нём: приложите это сообщение и версии capwire и среды выполнения.",
    },
  },
  texts: {
    // How a message is put together.
    "{what}: {detail}": "{what}: {detail}",
    "`{name}` {rule}": "`{name}`: {rule}",
    "{message}; not sent, for the service has answered so before":
      "{message}; запрос не отправлен: сервис уже ответил на такой же отказом",

    // Rules.
    "must be {what}": "ожидается {what}",
    "must be {what}, not {value}": "ожидается {what}, получено: {value}",
    "is missing": "не указано",
    "is missing. Did you mean it by `{name}`?": "не указано. Возможно, вместо него указано `{name}`?",
    "is empty": "пустое значение",
    "is missing: it is the key of your account": "не указан ключ вашего счёта",
    "is no option that is known here": "такого параметра здесь нет",
    "is not a known option. Did you mean `{name}`?":
      "такого параметра нет. Возможно, вы имели в виду `{name}`?",
    "has a member that is no option known here": "среди полей есть неизвестный параметр",
    "is {service}, which has no method {method}": "у сервиса {service} нет метода {method}",
    "has a minBytes above its maxBytes": "minBytes больше, чем maxBytes",
    "is not JSON ({reason})": "нельзя записать как JSON ({reason})",
    "or `{others}` is needed": "нужно это поле или `{others}`",
    "has been read already": "уже прочитано",
    "must be what was posted, not a stream: read it to its end first":
      "ожидается то, что прислал сервис, а не поток: сначала прочитайте его до конца",
    "cannot be read": "не удаётся прочитать",
    "must be an absolute URL that begins with https://":
      "ожидается полный URL, который начинается с https://",
    "must begin with https://, for what is sent would cross the network in plain text":
      "адрес должен начинаться с https://, иначе данные пойдут по сети открытым текстом",
    "must not have a query or a fragment": "в адресе не должно быть ни запроса, ни фрагмента",
    "must not have spaces, control characters or backslashes":
      "в адресе не должно быть пробелов, управляющих знаков и обратной косой черты",
    "must not have a user or a password":
      "в адресе не должно быть ни имени пользователя, ни пароля",
    "has no valid host (write an international name in its xn-- form)":
      "в адресе нет правильного имени узла (национальное имя пишется в форме xn--)",
    "has no valid port": "в адресе неправильный порт",

    // Kinds of values, given or wanted.
    text: "текст",
    "a list": "список",
    "an object": "объект",
    bytes: "байты",
    "something that JSON does not have": "значение, которого нет в JSON",
    "true or false": "true или false",
    "a whole number": "целое число",
    "a whole number from {min} to {max}": "целое число от {min} до {max}",
    "a number from 0.1 to 0.9": "число от 0.1 до 0.9",
    "0 or 1": "0 или 1",
    "3 or 4": "3 или 4",
    "one of {values}": "одно из значений {values}",
    "a list of texts": "список текстов",
    "a list of images": "список изображений",
    "an absolute http(s) address": "полный адрес http(s)",
    "a function": "функция",
    "an AbortSignal": "AbortSignal",
    "an iterable or an async iterable of tasks":
      "перебираемый набор задач, обычный или асинхронный",
    "a task's number": "номер задачи",
    "an object with a `type`": "объект с полем `type`",
    'text, such as "ImageToTextTask"': 'текст, например "ImageToTextTask"',
    "{names} or a service profile": "{names} или описание сервиса",
    '"image" or "token"': '"image" или "token"',
    'a list of "image" and "token"': 'список из "image" и "token"',
    "text, bytes, a parsed object or a Request": "текст, байты, разобранный объект или Request",

    // Images.
    "{size} bytes, allowed are {min} to {max}":
      "размер в байтах {size}, допускается от {min} до {max}",
    "it cannot be read ({reason})": "его не удаётся прочитать ({reason})",
    "'{character}' is not a base64 character": "знака '{character}' в base64 не бывает",
    "the base64 text is cut or ends wrongly": "текст в base64 оборван или неправильно кончается",
    "the data: URL has no comma, so no content": "в data: URL нет запятой, а значит, и содержимого",
    "the data: URL is not in base64": "data: URL записан не в base64",

    // Answers.
    "its JSON has no errorId": "в его JSON нет errorId",
    "its errorId is no number and it has no errorCode":
      "его errorId не число, а errorCode в нём нет",
    "its JSON is {value}": "его JSON: {value}",
    "it is no {wanted} but JSON: {value}": "это не {wanted}, а JSON: {value}",
    'it is no {wanted} but begins with "{start}"': 'это не {wanted}, он начинается с "{start}"',
    "it is empty": "он пуст",
    "it is larger than the 4 MiB that are read": "он больше 4 МиБ, а столько не читается",
    "status {status}, {detail}": "статус {status}, {detail}",
    "a redirect, which is refused so that the key goes nowhere else":
      "это перенаправление, а следовать ему нельзя: ключ ушёл бы в чужие руки",
    "it gave no code": "без кода",
    'the status is "ready" but there is no solution': 'status равен "ready", но решения нет',
    "the status is missing": "в нём нет status",
    "the status is {value}": "status в нём: {value}",
    "the task id is missing": "в нём нет номера задачи",
    "the task id is {value}": "номер задачи в нём: {value}",
    "a number above 2^53, which JavaScript rounds":
      "число больше 2^53, которое JavaScript округляет",
    "the balance is no number": "баланс в нём не число",
    "the solution has no text": "в решении нет текста",
    "CAPTCHA_NOT_READY belongs to getTaskResult": "CAPTCHA_NOT_READY бывает только у getTaskResult",
    "a result cannot be converted": "не удаётся преобразовать результат",

    // Time.
    "all {count} result requests of task {task} are used":
      "все запросы результата задачи {task} израсходованы, их {count}",
    "task {task} is 5 minutes old, and results are kept no longer":
      "задаче {task} уже 5 минут, а дольше результаты не хранятся",
    "task {task} was not ready within {span} ms, after {count} result requests":
      "задача {task} не готова за {span} мс, запросов результата: {count}",
    "no whole answer within {span} ms": "полного ответа не было {span} мс",
    "the time of the call was over before the request was sent":
      "время вызова вышло раньше, чем был отправлен запрос",

    // Hints that depend on more than the code.
    "Look at the account before repeating: the task may exist and be charged, so the client does not repeat it by itself.":
      "Прежде чем повторять, загляните в личный кабинет: задача могла быть создана и оплачена, поэтому сам клиент её не повторяет.",
    "Repeat the call, for nothing was sent; or raise timeoutMs.":
      "Повторите вызов, ведь ничего не отправлено, или увеличьте timeoutMs.",
    "Create the task anew: nothing more can be learnt about this one.":
      "Создайте задачу заново: об этой больше ничего не узнать.",
    "Anyone may post to this address: ask the service itself, with waitForResult(taskId).":
      "Прислать что-либо на этот адрес может кто угодно: спросите сам сервис, через waitForResult(taskId).",
  },
};

export default ru;
