
export{t as component}from"../chunks/Ch6jSOvd.js";