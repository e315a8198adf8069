
export{_ as component}from"../chunks/Ch6jSOvd.js";