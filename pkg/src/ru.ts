// The Russian catalogue. Its type is generated from the tables in Rust, so a missing or outdated text does
// not compile.

/**
 * Messages and hints in Russian, for the option `messages`.
 *
 * @module capwire/ru
 */

import type { Messages } from "./types.js";

/**
 * The messages and hints in Russian. Codes, field names, and texts of the service or the platform stay as
 * they are.
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
      hint: "Скопируйте ключ из личного кабинета ещё раз. С этим ключом запросы не отправляются ещё час: повторы с неверным ключом ведут к блокировке.",
    },
    ERROR_ZERO_BALANCE: {
      message: "На балансе аккаунта закончились деньги",
      hint: "Пополните баланс и вызовите getBalance(). Новые задачи не отправляются, пока баланс не станет положительным или не пройдёт 10 минут.",
    },
    ERROR_TOO_BIG_CAPTCHA_FILESIZE: {
      message: "Изображение больше, чем принимает сервис",
      hint: "Обрежьте изображение до самой капчи, сократите число цветов или сожмите его сильнее.",
    },
    ERROR_ZERO_CAPTCHA_FILESIZE: {
      message: "Изображение меньше, чем принимает сервис",
      hint: "Проверьте, откуда берётся изображение: такой маленький файл обычно пуст или оборван.",
    },
    ERROR_IMAGE_TYPE_NOT_SUPPORTED: {
      message: "Сервис не может прочитать изображение такого вида",
      hint: "Сохраните изображение как PNG или JPEG и проверьте, что это оно: по его адресу может быть страница.",
    },
    INVALID_IMAGE: {
      message: "Это изображение нельзя использовать",
      hint: "Передайте байты изображения (Uint8Array, ArrayBuffer, Blob, File, Response, поток), canvas, текст base64 или data: URL, а не путь к файлу и не веб-адрес.",
    },
    ERROR_NO_SUCH_METHOD: {
      message: "Сервис не знает такого вида капчи",
      hint: "Сверьте `type` задачи со списком видов капчи в документации сервиса.",
    },
    ERROR_TASK_NOT_SUPPORTED: {
      message: "Сервис не поддерживает задачи этого типа",
      hint: "Проверьте `type` задачи или воспользуйтесь другим сервисом.",
    },
    ERROR_TASK_ABSENT: {
      message: "Сервис не нашёл задачу в запросе",
      hint: "Передайте объект с полем `type`. Если оно есть, проверьте, не меняет ли запрос прокси или ваш собственный fetch.",
    },
    ERROR_INVALID_TASK: {
      message: "Сервис сообщает, что значения в задаче отсутствуют, неверны или устарели",
      hint: "Исправьте поля, названные в `serverMessage`, и создайте новую задачу.",
    },
    ERROR_RECAPTCHA_INVALID_SITEKEY: {
      message: "Ключ сайта недействителен",
      hint: "Скопируйте `websiteKey` со страницы, на которой показана капча.",
    },
    ERROR_RECAPTCHA_INVALID_DOMAIN: {
      message: "Ключ сайта не относится к этому домену",
      hint: "Укажите в `websiteURL` полный адрес страницы, на которой показана капча.",
    },
    ERROR_WRONG_USERAGENT: {
      message: "Сервис считает User-Agent в задаче устаревшим",
      hint: "Укажите User-Agent актуальной версии браузера для Windows или уберите это поле.",
    },
    ERROR_TOKEN_EXPIRED: {
      message: "Одноразовое значение в задаче устарело",
      hint: "Прочитайте со страницы новое значение и сразу создайте новую задачу.",
    },
    INVALID_TASK: {
      message: "Задачу нельзя отправить",
      hint: "Исправьте это поле и повторите вызов. Ничего не отправлено.",
    },
    ERROR_DOMAIN_NOT_ALLOWED: {
      message: "Сервис отказывается решать капчи на этом сайте",
      hint: "Остановитесь: отказ окончательный, повторы не помогут.",
    },
    ERROR_PROXY_CONNECT_REFUSED: {
      message: "Сервис не смог подключиться к прокси",
      hint: "Проверьте адрес и порт прокси и то, что он работает, или возьмите другой прокси.",
    },
    ERROR_PROXY_BANNED: {
      message: "Поставщик капчи заблокировал этот прокси",
      hint: "Возьмите другой прокси: повторы с заблокированным ведут к блокировке аккаунта.",
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
      message: "В логине или пароле прокси есть недопустимый символ",
      hint: "Используйте логин и пароль без знака процента.",
    },
    ERROR_IP_NOT_ALLOWED: {
      message: "Аккаунт не принимает запросы с этого IP-адреса",
      hint: "Добавьте адрес в список доверенных в настройках аккаунта, затем вызовите resetGuard() или подождите 10 минут.",
    },
    ERROR_IP_BANNED: {
      message: "Ваш IP-адрес заблокирован за запросы с неверным ключом",
      hint: "Проверьте ключ и подождите 10 минут: каждый запрос до этого продлевает блокировку.",
    },
    ERROR_IP_BLOCKED: {
      message: "Ваш IP-адрес заблокирован из-за большого числа ошибок",
      hint: "Устраните причину прежних ошибок и подождите 10 минут.",
    },
    ERROR_NO_SUCH_CAPCHA_ID: {
      message: "Сервис не знает этого ID задачи; возможно, срок её хранения истёк",
      hint: "Создайте новую задачу: результаты хранятся 5 минут, а повторные запросы с неизвестным ID ведут к блокировке.",
    },
    ERROR_NO_SUCH_CAPTCHA_ID: {
      message: "Сервис не знает этого ID задачи; возможно, срок её хранения истёк",
      hint: "Создайте новую задачу: результаты хранятся 5 минут, а повторные запросы с неизвестным ID ведут к блокировке.",
    },
    WRONG_CAPTCHA_ID: {
      message: "Сервис не знает этого ID задачи; возможно, срок её хранения истёк",
      hint: "Создайте новую задачу: результаты хранятся 5 минут, а повторные запросы с неизвестным ID ведут к блокировке.",
    },
    ERROR_CAPTCHA_UNSOLVABLE: {
      message: "Сервис не смог решить эту капчу",
      hint: "Попробуйте другую капчу: эта может быть повреждённой, слишком зашумлённой или неподдерживаемого вида.",
    },
    ERROR_RECAPTCHA_TIMEOUT: {
      message: "Сервис не успел решить капчу за отведённое время",
      hint: "Создайте новую задачу; если в ней есть прокси, возьмите более быстрый.",
    },
    ERROR_NO_SLOT_AVAILABLE: {
      message: "У сервиса сейчас нет свободного сервера для этой задачи",
      hint: "Попробуйте позже. Клиент уже повторил запрос столько раз, сколько разрешает `maxRetries`.",
    },
    ERROR_SERVICE_NOT_AVAILABLE: {
      message: "Сервис сейчас не принимает задачи",
      hint: "Попробуйте позже. Если указан callbackUrl, проверьте, что он доступен.",
    },
    ERROR_TOO_MUCH_REQUESTS: {
      message: "Результат этой задачи запрашивали слишком часто",
      hint: "Запрашивайте его не чаще одного раза в 2 секунды и не больше 120 раз на задачу, как это делает waitForResult().",
    },
    UNKNOWN: {
      message: "Сервис вернул ошибку, которую эта версия не знает",
      hint: "Найдите `serverCode` и `serverMessage` в документации сервиса.",
    },
    NETWORK: {
      message: "Сервис недоступен, или соединение оборвалось",
      hint: "Проверьте сеть, а в расширении браузера ещё и разрешение на доступ к адресу сервиса.",
    },
    HTTP_STATUS: {
      message: "Ответ пришёл не от сервиса",
      hint: "Проверьте baseUrl и всё, что стоит между программой и сервисом (прокси, межсетевой экран, страница входа в сеть).",
    },
    BAD_RESPONSE: {
      message: "Не удаётся понять ответ сервиса",
      hint: "Проверьте baseUrl. Если он верен, у сервиса неполадки или изменился протокол.",
    },
    REQUEST_TIMEOUT: {
      message: "Сервис не ответил вовремя",
      hint: "Проверьте сеть или увеличьте requestTimeoutMs.",
    },
    SOLVE_TIMEOUT: {
      message: "Задача не была решена вовремя",
      hint: "Продолжите ждать с waitForResult(taskId), в этом процессе или в другом, в течение 5 минут после создания задачи.",
    },
    INVALID_OPTIONS: {
      message: "Параметр нельзя использовать",
      hint: "Исправьте этот параметр и повторите вызов. Ничего не отправлено.",
    },
    INTERNAL: {
      message: "Сбой в самом capwire",
      hint: "Пожалуйста, сообщите о нём: приложите это сообщение и версии capwire и среды выполнения.",
    },
  },
  texts: {
    // The shape of a message.
    "{what}: {detail}": "{what}: {detail}",
    "`{name}` {rule}": "`{name}`: {rule}",
    "{message}; not sent, because the service has refused this before":
      "{message}; запрос не отправлен: сервис уже отказал в нём раньше",

    // Rules.
    "must be {what}": "ожидается {what}",
    "must be {what}, not {value}": "ожидается {what}, получено: {value}",
    "is missing": "не указано",
    "is missing. Is `{name}` a misspelling of it?":
      "не указано. Возможно, `{name}` — это опечатка?",
    "is empty": "пустое значение",
    "is missing: pass your account's API key": "не указан API-ключ вашего аккаунта",
    "has a space, a control character or a letter that no key has: copy the key again":
      "содержит пробел, управляющий символ или букву, которых в ключах не бывает: скопируйте ключ ещё раз",
    "is not a known option": "неизвестный параметр",
    "is not a known option. Did you mean `{name}`?":
      "неизвестный параметр. Возможно, вы имели в виду `{name}`?",
    "contains an unknown option": "есть неизвестный параметр",
    "is {service}, which does not support {method}": "сервис {service} не поддерживает {method}",
    "has minBytes above maxBytes": "minBytes больше, чем maxBytes",
    "cannot be written as JSON ({reason})": "нельзя записать как JSON ({reason})",
    "or `{others}` is required": "нужно это поле или `{others}`",
    "has already been read": "уже прочитано",
    "must be the whole body, not a stream: read the stream first":
      "ожидается тело запроса целиком, а не поток: сначала прочитайте поток",
    "cannot be read": "не удаётся прочитать",
    "has more than {max} entries, or one that cannot be read":
      "содержит больше {max} элементов или элемент, который не удаётся прочитать",
    "must be an absolute URL starting with https://":
      "ожидается полный URL, который начинается с https://",
    "must start with https://: http is not encrypted":
      "адрес должен начинаться с https://: http не шифрует данные",
    "must start with https://: allowInsecure is for private networks only":
      "адрес должен начинаться с https://: allowInsecure годится только для частных сетей",
    "must not contain a query or fragment":
      "в адресе не должно быть ни запроса (?…), ни фрагмента (#…)",
    "must not contain spaces, control characters or backslashes":
      "в адресе не должно быть пробелов, управляющих символов и обратной косой черты",
    "must not contain a user name or password":
      "в адресе не должно быть имени пользователя и пароля",
    "has no valid host (write an international name in xn-- form)":
      "в адресе нет правильного имени хоста (национальное имя пишется в форме xn--)",
    "has an invalid port": "в адресе неправильный порт",

    // Types of values, actual or expected.
    "a string": "строка",
    "a string of more than 65,536 characters": "строка длиннее 65 536 символов",
    "a string without a percent sign": "строка без знака процента",
    "an array": "массив",
    "an object": "объект",
    "a {class}": "{class}",
    bytes: "байты",
    "a value that JSON does not have": "значение, которого нет в JSON",
    "true or false": "true или false",
    "a whole number": "целое число",
    "a whole number from {min} to {max}": "целое число от {min} до {max}",
    "a number from 0.1 to 0.9": "число от 0.1 до 0.9",
    "0 or 1": "0 или 1",
    "3 or 4": "3 или 4",
    "one of {values}": "одно из значений {values}",
    "an array of strings": "массив строк",
    "an array of images": "массив изображений",
    "an absolute http(s) URL": "полный URL http(s)",
    "has given {value}, not a Response": "вернул не Response, а: {value}",
    "a function like fetch, which gives a Response":
      "функция вроде fetch, которая возвращает Response",
    "Pass a function that takes a URL and a RequestInit and resolves to a Response, as fetch does.":
      "Передайте функцию, которая принимает URL и RequestInit и возвращает Response, как fetch.",
    "a function": "функция",
    "an AbortSignal": "AbortSignal",
    "an iterable or async iterable of tasks": "перебираемый набор задач, обычный или асинхронный",
    "a task id": "ID задачи",
    "an object with a `type`": "объект с полем `type`",
    'a string such as "ImageToTextTask"': 'строка, например "ImageToTextTask"',
    "{names} or a service profile": "{names} или описание сервиса",
    '"image" or "token"': '"image" или "token"',
    'an array of "image" and "token"': 'массив из "image" и "token"',
    "a string, bytes, a parsed object or a Request":
      "строка, байты, разобранный объект или Request",

    // Images.
    "{size} bytes (allowed: {min} to {max})": "размер {size} байт (допустимо от {min} до {max})",
    "it cannot be read ({reason})": "его не удаётся прочитать ({reason})",
    "'{character}' is not a base64 character": "символа '{character}' не бывает в base64",
    "the base64 text is truncated or badly padded":
      "текст base64 оборван или неправильно заканчивается",
    "the data: URL has no comma, so it has no content":
      "в data: URL нет запятой, а значит, и содержимого",

    // What is not an image.
    "it looks like {kind}": "похоже, это {kind}",
    "an empty canvas or data: URL: {size}": "пустой canvas или data: URL: {size}",
    "{object} stream that has ended or is locked": "{object}, поток уже закончился или занят",
    "{object} whose body has been read or is locked": "{object}, тело уже прочитано или занято",
    "an invisible character U+{code} at position {position}":
      "невидимый символ U+{code} на месте {position}",
    "an HTML page": "страница HTML",
    "XML, but not SVG": "XML, но не SVG",
    JSON: "JSON",
    "text, by its declared type": "текст, судя по указанному типу",
    "base64 text given as bytes": "текст base64, переданный как байты",
    "a data: URL given as bytes": "data: URL, переданный как байты",
    "the address of an image, not the image itself": "адрес изображения, а не само изображение",
    "the path of a file, not its content": "путь к файлу, а не его содержимое",
    "a PDF document": "документ PDF",
    "a ZIP archive": "архив ZIP",
    "gzip data": "данные gzip",
    audio: "звук",
    video: "видео",
    "binary data that was once read as text": "двоичные данные, прочитанные как текст",
    "zeros only": "одни нули",
    "raw pixels, not an image file": "необработанные пиксели, а не файл изображения",

    // Responses.
    "its JSON has no errorId": "в его JSON нет errorId",
    "its errorId is not a number and errorCode is missing":
      "errorId в нём не число, а errorCode отсутствует",
    "expected a JSON object, got {value}": "ожидался объект JSON, получено: {value}",
    "expected {wanted}, got JSON: {value}": "ожидался {wanted}, получен JSON: {value}",
    'expected {wanted}, got text starting with "{start}"':
      'ожидался {wanted}, получен текст, который начинается с "{start}"',
    "the body is empty": "его тело пусто",
    "the body is larger than 4 MiB, or in too many pieces":
      "его тело больше 4 МиБ или состоит из слишком многих частей",
    "HTTP status {status}, {detail}": "HTTP-статус {status}, {detail}",
    "a redirect, not followed so that your key is sent nowhere else":
      "это перенаправление, по которому клиент не идёт, чтобы не отдать ключ другому серверу",
    "it gave no error code": "без кода ошибки",
    'status is "ready" but solution is missing': 'status равен "ready", но solution отсутствует',
    "status is missing": "status отсутствует",
    "unexpected status: {value}": "неожиданный status: {value}",
    "taskId is missing": "taskId отсутствует",
    "unexpected taskId: {value}": "неожиданный taskId: {value}",
    "a number above 2^53, which JavaScript rounds":
      "число больше 2^53, которое JavaScript округляет",
    "balance is not a number": "balance не число",
    "the solution has no text": "в решении нет текста",
    "only getTaskResult may answer CAPTCHA_NOT_READY":
      "CAPTCHA_NOT_READY бывает только в ответ на getTaskResult",

    // Time.
    "all {count} result requests for task {task} are used up":
      "все {count} запросов результата задачи {task} израсходованы",
    "task {task} is 5 minutes old, and its result is no longer kept":
      "задаче {task} уже 5 минут, её результат больше не хранится",
    "no solution for task {task} within {span} ms (result requests: {count})":
      "задача {task} не решена за {span} мс (запросов результата: {count})",
    "the body was not complete within {span} ms": "тело не пришло целиком за {span} мс",
    "the batch ended before task {task} was ready":
      "пакет завершился до того, как задача {task} была готова",
    "no complete response within {span} ms": "полный ответ не получен за {span} мс",
    "the call's time ran out before the request was sent":
      "время вызова истекло до отправки запроса",

    // Hints that depend on more than the code.
    "Check your account before trying again: the task may exist and be charged, so it is not repeated automatically.":
      "Прежде чем повторять, проверьте аккаунт: задача могла быть создана и оплачена, поэтому автоматически она не повторяется.",
    "Try again or raise timeoutMs. Nothing was sent.":
      "Повторите вызов или увеличьте timeoutMs. Ничего не отправлено.",
    "Create a new task: the result of this one can no longer be requested.":
      "Создайте новую задачу: результат этой больше нельзя запросить.",
    "Check the response that it comes from: it may be an error or a sign-in page.":
      "Проверьте ответ, из которого оно взято: это может быть страница ошибки или входа.",
    "Draw it on a canvas and pass the canvas.": "Нарисуйте его на canvas и передайте canvas.",
    "Confirm with waitForResult(taskId): anyone can post to this address.":
      "Проверьте через waitForResult(taskId): прислать данные на этот адрес может кто угодно.",
  },
};

export default ru;
