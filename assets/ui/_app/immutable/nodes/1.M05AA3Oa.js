
export{t as component}from"../chunks/CAtgRi7e.js";